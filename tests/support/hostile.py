"""Slow clients that hold their connections open, and the response time of an ordinary client meanwhile."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Final

HOST: Final = "127.0.0.1"
PING: Final = b"GET /services/ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
_PATIENCE_SECONDS: Final = 60
_TRICKLE_SECONDS: Final = 0.5

# What each kind of client sends before it waits. Those of TRICKLING send another byte every half second.
STARTS: Final = {
    "silent": b"",
    "one byte": b"G",
    "half a header": b"POST /upload HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "half a body": b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nonly this",
    "half a chunk": b"POST /claim-key HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nab",
    # Twenty megabytes of responses, which it does not read.
    "reads nothing": b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 400,
    "idle": b"GET /services/ping HTTP/1.1\r\nHost: x\r\n\r\n",
}
TRICKLING: Final = ("half a header", "half a body", "half a chunk")


def ping_seconds(port: int) -> float:
    """Request /services/ping on a new connection; return the seconds until the end of the response.

    Raises ConnectionError if the connection is closed without a response.
    """
    started = time.monotonic()
    received = b""
    with socket.create_connection((HOST, port), timeout=_PATIENCE_SECONDS) as client:
        client.sendall(PING)
        while chunk := client.recv(65536):
            received += chunk
    if not received:
        raise ConnectionError("closed without a response")
    assert received.startswith(b"HTTP/1.1 200 "), received[:200]
    return time.monotonic() - started


@contextmanager
def attacked(port: int, kinds: Sequence[str], connections: int) -> Iterator[None]:
    """Hold a number of connections of each kind during the block."""
    stopped = threading.Event()
    with ExitStack() as stack:
        trickling = []
        for kind in kinds:
            for _ in range(connections):
                client = stack.enter_context(socket.socket())
                if kind == "reads nothing":
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.settimeout(_PATIENCE_SECONDS)
                client.connect((HOST, port))
                client.sendall(STARTS[kind])
                if kind in TRICKLING:
                    trickling.append(client)
        thread = threading.Thread(target=_trickle, args=(trickling, stopped))
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join()


def _trickle(clients: Sequence[socket.socket], stopped: threading.Event) -> None:
    while not stopped.wait(_TRICKLE_SECONDS):
        for client in clients:
            with suppress(OSError):  # the server has closed it
                client.send(b"x")
