"""Many requests at the same moment, each on its own connection."""

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPResponse

from nacl.utils import random

from app.proto import covidshield_pb2 as wire
from clients.phone.protocol import sealed_upload
from clients.phone.state import KeyPair
from tests.support.service import Phone

_HOST = "127.0.0.1"
_ANSWER_SECONDS = 60


@dataclass(frozen=True)
class Request:
    """An HTTP request."""

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Return the request as bytes of HTTP."""
        fields = {"Host": "localhost", "Content-Length": str(len(self.body)), **self.headers}
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass(frozen=True)
class Reply:
    """A response, and after how many seconds it arrived."""

    status: int
    body: bytes
    seconds: float


def volley(port: int, requests: Sequence[Request]) -> list[Reply]:
    """Send requests at the same moment; return the responses in the same order.

    All but the last byte of each request is sent first, so that a thread of the server waits for each of them. The last
    bytes follow within a millisecond or two.
    """
    texts = [request.encode() for request in requests]
    connections = [socket.create_connection((_HOST, port), timeout=_ANSWER_SECONDS) for _ in texts]
    try:
        for connection, text in zip(connections, texts, strict=True):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(text[:-1])
        time.sleep(0.05)
        began = time.monotonic()
        for connection, text in zip(connections, texts, strict=True):
            connection.sendall(text[-1:])
        return [_read(connection, began) for connection in connections]
    finally:
        for connection in connections:
            connection.close()


def _read(connection: socket.socket, began: float) -> Reply:
    with HTTPResponse(connection) as response:
        response.begin()
        return Reply(response.status, response.read(), time.monotonic() - began)


def upload_body(phone: Phone, keys: Sequence[wire.TemporaryExposureKey]) -> bytes:
    """Return the body of an upload of keys with the present time."""
    message = wire.Upload(keys=keys)
    message.timestamp.seconds = int(time.time())
    pair = KeyPair(bytes(phone.private_key), phone.public_key, phone.server_public_key)
    return sealed_upload(pair, message.SerializeToString(), random(24))
