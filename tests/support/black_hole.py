"""A TCP proxy that can stop forwarding, in both directions and without closing anything, as a lost route does.

It can also delay what clients send.
"""

import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_CHUNK_BYTES = 65536


class BlackHole:
    """Forwards connections to the server of a URL, until it is told to swallow them.

    A swallowed connection stays open: its data is read and dropped.
    """

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._server = (self._parts.hostname or "", self._parts.port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._links: list[_Link] = []
        self.swallows_new = False
        self.delay_seconds = 0.0  # of each message of a client
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """The URL of the same server, through this proxy."""
        port = self._listener.getsockname()[1]
        credentials, at, _ = self._parts.netloc.rpartition("@")
        return self._parts._replace(netloc=f"{credentials}{at}127.0.0.1:{port}").geturl()

    @property
    def is_used(self) -> bool:
        """Whether a connection is open and forwarded."""
        return any(link.is_open and not link.swallows for link in self._links)

    def lead_to(self, url: str) -> None:
        """Connect new clients to another server, as an address does after a failover."""
        parts = urlsplit(url)
        self._server = (parts.hostname or "", parts.port or 0)

    def swallow(self, *, new: bool = False) -> None:
        """Forward nothing on the existing connections any more, nor on `new` ones."""
        self.swallows_new = new
        for link in self._links:
            link.swallows = True

    def recover(self) -> None:
        """Forward new connections. Those that were swallowed stay silent."""
        self.swallows_new = False

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            try:
                server = socket.create_connection(self._server)
            except OSError:  # it does not run
                client.close()
                continue
            link = _Link(client, server, self._delay)
            link.swallows = self.swallows_new
            self._links.append(link)
            self._threads.append(threading.Thread(target=link.forward, daemon=True))
            self._threads[-1].start()

    def _delay(self) -> float:
        return self.delay_seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        shut_down(self._listener)
        self._threads[0].join()
        self._listener.close()
        for link in self._links:
            link.close()
        for thread in self._threads:
            thread.join()


class _Link:
    """One connection of a client, and the one to the server that belongs to it."""

    def __init__(self, client: socket.socket, server: socket.socket, delay: Callable[[], float]) -> None:
        self._ends = {client: server, server: client}
        self._client = client
        self._delay = delay
        self.swallows = False
        self.is_open = True

    def forward(self) -> None:
        """Forward data until an end closes. While it swallows, an end that closes is not reported to the other."""
        with selectors.DefaultSelector() as selector:
            for end in self._ends:
                selector.register(end, selectors.EVENT_READ)
            while selector.get_map() and (self.is_open or self.swallows):
                for key, _ in selector.select():
                    source = key.fileobj
                    assert isinstance(source, socket.socket)
                    if not self._pass_on(source):
                        selector.unregister(source)
                        self.is_open = self.is_open and self.swallows
        self.is_open = False
        for end in self._ends:
            end.close()

    def _pass_on(self, source: socket.socket) -> bool:
        try:
            data = source.recv(_CHUNK_BYTES)
            if data and not self.swallows:
                if source is self._client:
                    time.sleep(self._delay())
                self._ends[source].sendall(data)
        except OSError:
            return False
        return bool(data)

    def close(self) -> None:
        """End the connection. Its thread then closes both ends, which would otherwise wait for them without end."""
        for end in self._ends:
            shut_down(end)


def shut_down(end: socket.socket) -> None:
    """Wake the thread that waits for a socket."""
    with suppress(OSError):  # it is closed already
        end.shutdown(socket.SHUT_RDWR)
