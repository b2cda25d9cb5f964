"""Where the web process listens, from BIND_ADDR and PORT."""

import errno
import http.client
from collections.abc import Mapping
from dataclasses import dataclass

from app.config.default_ports import DEFAULT_PORT
from processes.errors import ProcessError
from processes.ports import LOOPBACK, try_bind

_EVERY_INTERFACE = ("", "0.0.0.0", "[::]")  # noqa: S104 - compared, not bound
_OK = 200


@dataclass(frozen=True)
class Address:
    """A host and a TCP port to listen on."""

    host: str
    port: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Address":
        """Read BIND_ADDR, or PORT on loopback alone: development secrets do not protect a network.

        Raises ProcessError when one of them is malformed.
        """
        bind = environment.get("BIND_ADDR") or f"{LOOPBACK}:{environment.get('PORT') or DEFAULT_PORT}"
        host, colon, port = bind.rpartition(":")
        if not colon or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise ProcessError(f"BIND_ADDR must be an address and a port, and PORT a port from 1 to 65535, not {bind}.")
        return cls(host, int(port))

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def reachable_host(self) -> str:
        """A host name or address by which this host reaches the service."""
        return LOOPBACK if self.host in _EVERY_INTERFACE else self.host

    @property
    def is_private(self) -> bool:
        """Whether only this host can reach the service."""
        return self.host == LOOPBACK or self.host in ("localhost", "[::1]")

    @property
    def url(self) -> str:
        """The root of the service, for browsers and curl."""
        return f"http://{self.reachable_host}:{self.port}"

    def check_free(self) -> None:
        """Raise ProcessError when another program listens there, or this user may not."""
        try:
            try_bind(self.host.strip("[]"), self.port)
        except OSError as error:
            is_used = error.errno == errno.EADDRINUSE
            reason = "stop the program that uses this port, or set PORT to another one." if is_used else error.strerror
            raise ProcessError(f"Cannot listen on {self}: {reason}") from None

    def answers(self) -> bool:
        """Return whether the service answers /services/ping."""
        connection = http.client.HTTPConnection(self.reachable_host.strip("[]"), self.port, timeout=2)
        try:
            connection.request("GET", "/services/ping")
            return connection.getresponse().status == _OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
