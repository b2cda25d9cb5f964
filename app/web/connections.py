"""Closing a connection after a body that was not read to its end (rules 30 and 48)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class ClosingConnections:
    """WSGI middleware: closes the connection after a response with `Connection: close`.

    In WSGI that field is hop-by-hop, so gunicorn drops it, reads the rest of the body, which may take seconds, and
    keeps the connection open. gunicorn's response object, to which `start_response` is bound, can be told to close it.
    """

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Call the application, and inspect the header fields of its response."""

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            if ("Connection", "close") in headers:
                force_close = getattr(getattr(start_response, "__self__", None), "force_close", None)
                if force_close is not None:
                    force_close()
            return start_response(status, headers, *error)

        return self._application(environ, start)
