"""Addresses of PostgreSQL and of Redis, taken apart and put together: the one place that does so outside of app/.

An address of libpq may have several hosts, sockets, IPv6 addresses, and parameters such as `sslmode`
(https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS). psycopg2 itself reads it.
"""

from typing import Final
from urllib.parse import quote, unquote, urlencode, urlsplit

from psycopg2.extensions import parse_dsn

_DEFAULT_PORT: Final = "5432"
_SHORTEST_SECRET: Final = 12


def with_database(
    address: str, *, name: str = "", user: str | None = None, password: str | None = None, port: int | None = None
) -> str:
    """Return the address of another database, as another user or at another port, of those that are given.

    Everything else stays. Raises psycopg2.ProgrammingError when the address cannot be read.
    """
    parts = dict(parse_dsn(address))
    if user is not None:
        parts |= {"user": user, "password": password or ""}
        for credential in ("passfile", "sslcert", "sslkey", "sslpassword"):  # of the user before
            parts.pop(credential, None)
    if port is not None:
        parts["port"] = str(port)
    parts["dbname"] = name or parts.get("dbname", "")
    return _address(parts)


def _address(parts: dict[str, str]) -> str:
    """Return a URL that libpq reads. Sockets and lists of addresses are parameters, because not all clients know them.

    psycopg2, SQLAlchemy and Django's dj-database-url all read `?host=`; only libpq reads `a:1,b:2`.
    """
    user, password, database = (parts.pop(key, "") for key in ("user", "password", "dbname"))
    hosts, ports = parts.pop("host", ""), parts.pop("port", "")
    credentials = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    place = ""
    if "," in hosts or hosts.startswith(("/", "@")):
        parts = {"host": hosts, **({"port": ports} if ports else {}), **parts}
    elif hosts:
        place = f"[{hosts}]" if ":" in hosts else quote(hosts, safe="")
        place += f":{ports or _DEFAULT_PORT}"
    elif ports:
        parts = {"port": ports, **parts}
    query = f"?{urlencode(parts, quote_via=quote)}" if parts else ""
    return f"postgres://{credentials}{place}/{quote(database, safe='')}{query}"


def port_of(value: str) -> int:
    """Return the port in an address, or 0 in a value that has none."""
    try:
        return urlsplit(value).port or 0 if "://" in value else 0
    except ValueError:
        return 0


def hidden_parts(value: str) -> list[str]:
    """Return the parts of a value that must not be logged: the password in a URL, or a long text that is not a URL."""
    if "://" not in value:
        return [value] if len(value) >= _SHORTEST_SECRET else []
    try:
        password = urlsplit(value).password or ""
    except ValueError:
        return [value]
    return [each for each in {password, unquote(password)} if each]
