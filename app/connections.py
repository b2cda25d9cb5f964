"""Ending a connection on purpose (protocol rules 30 and 48)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class ClosingConnections:
    """WSGI middleware for gunicorn: the connection ends with an answer that says `Connection: close`.

    For WSGI that field is the server's own affair, so gunicorn drops it, reads what is left of the body, for seconds
    if need be, and keeps the connection. Its response object, whose method `start_response` is, can be told to close.
    """

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Pass the request on, and watch the header of its answer."""

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            if ("Connection", "close") in headers:
                force_close = getattr(getattr(start_response, "__self__", None), "force_close", None)
                if force_close is not None:
                    force_close()
            return start_response(status, headers, *error)

        return self._application(environ, start)
