"""Connect to this host for names below localhost, such as pr-0012.localhost, as RFC 6761 has it.

curl and browsers connect to the loopback address for them by themselves. Python asks the resolver of the system, which
on a plain Debian knows `localhost` alone.
"""

from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter

_LOOPBACK: Final = "127.0.0.1"


def resolve_localhost(session: Session) -> None:
    """Let a session connect to 127.0.0.1 for every host name below localhost. For plain HTTP only."""
    session.mount("http://", _LocalhostAdapter())


class _LocalhostAdapter(HTTPAdapter):
    def send(self, request: PreparedRequest, *arguments: Any, **options: Any) -> Response:
        parts = urlsplit(request.url or "")
        if (parts.hostname or "").endswith(".localhost"):
            request.headers["Host"] = parts.netloc
            port = f":{parts.port}" if parts.port else ""
            request.url = urlunsplit(parts._replace(netloc=_LOOPBACK + port))
        return super().send(request, *arguments, **options)
