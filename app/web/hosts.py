"""Refusing foreign host names on a developer's machine.

A page on the internet can give its own host name the address 127.0.0.1 (DNS rebinding). The visitor's browser then
takes an instance on that machine for the page's own server, and lets the page use everything that needs no token. The
browser still sends the page's host name in `Host`, which no instance on loopback has.

With a proxy in front, the proxy chooses the host names; anywhere else, routing ignores `Host`. Archives that the web
server answers from memory are not checked: they are public, and their addresses require a code.
"""

import logging
from collections.abc import Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from app.config import CommonSettings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_logger = logging.getLogger(__name__)

_CHECKED_ENVIRONMENTS: Final = ("development", "review")
_BODY: Final = b"misdirected request\n"


def checks_hosts(settings: CommonSettings) -> bool:
    """Return whether browsers reach the process on loopback directly, in an environment with open pages."""
    listens_on = _host_of(settings.bind_addr)
    is_open = settings.env in _CHECKED_ENVIRONMENTS and settings.trusted_proxies == 0
    return is_open and bool(settings.bind_addr) and _is_loopback(listens_on)


class HostCheck:
    """WSGI middleware: answers 421 to a request for a host name that is neither loopback nor one of `allowed`."""

    def __init__(self, application: "WSGIApplication", allowed: Iterable[str]) -> None:
        self._application = application
        self._allowed = frozenset(allowed)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Refuse the request, or call the application. Browsers always send `Host`, so it may be missing."""
        host = _host_of(environ.get("HTTP_HOST", ""))
        if not host or _is_loopback(host) or host in self._allowed:
            return self._application(environ, start_response)
        _logger.warning("request for a foreign host name refused")
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Length", str(len(_BODY))),
        ]
        start_response("421 Misdirected Request", headers)
        return [_BODY]


def _host_of(address: str) -> str:
    """Return the host of `host`, `host:port` or `[address]:port`: a name in lower case and without a final dot."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0].lower().removesuffix(".")


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
