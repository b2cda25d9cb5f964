"""The parameters of Redis' URL that redis-py can use."""

import re
from typing import Final
from urllib.parse import urlencode

# The others are Python objects, which no URL can hold, or change the types of what is read.
_USABLE: Final = re.compile(
    "client_name|db|health_check_interval|host|max_connections|password|path|port|protocol|retry_on_timeout|"
    "socket_(connect_timeout|keepalive|read_size|timeout)|"
    "ssl_(ca_certs|ca_data|ca_path|cert_reqs|certfile|check_hostname|ciphers|keyfile|min_version|password)|username"
)


def check_redis_parameter(scheme: str, name: str, value: str) -> None:
    """Raise ValueError unless the client can use a parameter, which it reads only when it makes a connection."""
    # Imported here, because the supervising process of the web server reads settings, too, and is to stay small.
    from redis import ConnectionPool
    from redis.exceptions import RedisError

    try:
        if not value or not _USABLE.fullmatch(name):
            raise ValueError
        ConnectionPool.from_url(f"{scheme}://?{urlencode({name: value})}").make_connection()
    except (AttributeError, TypeError, ValueError, RedisError):
        raise ValueError(f"has a parameter that is unknown or malformed: {name!r}") from None
