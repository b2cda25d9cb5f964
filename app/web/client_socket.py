"""A client's connection as `app.web.serving` hands it to gunicorn: the same, by fewer system calls.

Each call costs more than itself, since Python lets another thread go on meanwhile and then has to wait for it.
"""

import socket
from typing import Any, Final

# A longer body is not copied to be sent in one call with its header: two calls cost less.
_COPIED_BYTES: Final = 16384


class ClientSocket(socket.socket):
    """A connection that sends an answer's header together with its body, and sets a timeout when it matters first."""

    def __init__(self, accepted: socket.socket) -> None:
        """Take over an accepted connection, which is blocking."""
        family, kind, protocol = accepted.family, accepted.type, accepted.proto  # which would be asked for otherwise
        super().__init__(family, kind, protocol, fileno=accepted.detach())
        self._timeout: float | None = None
        self._held: bytes | None = None

    def hold(self) -> None:
        """Keep what is sent next until more is sent, or until `release`."""
        self._held = b""

    def release(self) -> None:
        """Send what is held, and hold nothing any more. Raises OSError."""
        held, self._held = self._held, None
        if held:
            self.sendall(held)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all, or hold it. Raises OSError."""
        if self._held == b"":
            self._held = bytes(data)
            return
        self._apply_timeout()
        if self._held:
            held, self._held = self._held, None
            if len(data) > _COPIED_BYTES:
                super().sendall(held, flags)
            else:
                data = held + data
        super().sendall(data, flags)

    def sendfile(self, *arguments: Any, **options: Any) -> int:
        """Send a file, after what is held. Raises OSError."""
        self.release()
        return super().sendfile(*arguments, **options)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Receive, after sending what is held: the client may be waiting for that. Raises OSError."""
        if self._held:
            self.release()
        self._apply_timeout()
        return super().recv(size, flags)

    def gettimeout(self) -> float | None:
        """Return the timeout in seconds; None waits for ever."""
        return self._timeout

    def settimeout(self, value: float | None) -> None:
        """Set the timeout, in seconds, of what is received and sent from now on."""
        self._timeout = value

    def setblocking(self, flag: bool) -> None:
        """Wait for ever, or not at all."""
        self._timeout = None if flag else 0.0

    def _apply_timeout(self) -> None:
        if super().gettimeout() != self._timeout:
            super().settimeout(self._timeout)
