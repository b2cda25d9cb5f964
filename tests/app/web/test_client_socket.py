"""A client's connection (app/web/client_socket.py): in which pieces an answer leaves, and how long it waits."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.web.client_socket import ClientSocket

HEADER = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.fixture
def ends() -> Iterator[tuple[ClientSocket, socket.socket]]:
    """The server's end of a connection, and the client's, at which what has not arrived yet is an error."""
    server, client = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # which keeps what is sent apart
    client.setblocking(False)
    with ClientSocket(server) as taken, client:
        yield taken, client


def test_a_header_leaves_with_its_body(ends: tuple[ClientSocket, socket.socket]) -> None:
    server, client = ends
    server.hold()
    server.sendall(HEADER)
    with pytest.raises(BlockingIOError):
        client.recv(100)
    server.sendall(b"body")
    assert client.recv(100) == HEADER + b"body"
    server.sendall(b"more")
    assert client.recv(100) == b"more"


def test_a_header_without_a_body_leaves_when_it_is_released(ends: tuple[ClientSocket, socket.socket]) -> None:
    server, client = ends
    server.hold()
    server.sendall(HEADER)
    server.release()
    assert client.recv(100) == HEADER
    server.release()
    with pytest.raises(BlockingIOError):
        client.recv(100)


def test_a_long_body_is_not_copied(ends: tuple[ClientSocket, socket.socket]) -> None:
    server, client = ends
    server.hold()
    server.sendall(HEADER)
    server.sendall(memoryview(b"x" * 20_000))
    assert client.recv(30_000) == HEADER
    assert client.recv(30_000) == b"x" * 20_000


def test_a_file_leaves_after_its_header(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    server, client = socket.socketpair()
    with ClientSocket(server) as taken, client, (tmp_path / "file").open("rb") as file:
        taken.hold()
        taken.sendall(HEADER)
        taken.sendfile(file)
        whole = HEADER + b"content"
        assert client.recv(len(whole), socket.MSG_WAITALL) == whole


def test_a_timeout_is_kept_whenever_it_was_set(ends: tuple[ClientSocket, socket.socket]) -> None:
    server, client = ends
    server.settimeout(0.01)
    assert server.gettimeout() == 0.01
    with pytest.raises(TimeoutError):
        server.recv(1)
    server.setblocking(False)
    with pytest.raises(BlockingIOError):
        server.recv(1)
    server.settimeout(0.01)
    server.setblocking(True)
    client.send(b"x")
    assert server.recv(1) == b"x"
    assert server.gettimeout() is None
