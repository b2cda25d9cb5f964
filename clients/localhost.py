"""Connect to this host for names below localhost, such as pr-0012.localhost, as RFC 6761 has it, and never by a proxy.

curl and browsers connect to the loopback address for them by themselves. Python asks the resolver of the system, which
on a plain Debian knows `localhost` alone. A proxy of a workplace, as http_proxy names it, cannot reach this host.
"""

from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter

_LOOPBACK: Final = "127.0.0.1"
_THIS_HOST: Final = (_LOOPBACK, "localhost", "::1")


def new_session() -> Session:
    """Return a session that connects to this host for every host name below localhost. For plain HTTP only."""
    session = Session()
    session.mount("http://", _LocalhostAdapter())
    return session


class _LocalhostAdapter(HTTPAdapter):
    def send(self, request: PreparedRequest, *arguments: Any, **options: Any) -> Response:
        parts = urlsplit(request.url or "")
        host = parts.hostname or ""
        if host.endswith(".localhost"):
            request.headers["Host"] = parts.netloc
            port = f":{parts.port}" if parts.port else ""
            request.url = urlunsplit(parts._replace(netloc=_LOOPBACK + port))
        if host.endswith(".localhost") or host in _THIS_HOST:
            options["proxies"] = {}
        return super().send(request, *arguments, **options)
