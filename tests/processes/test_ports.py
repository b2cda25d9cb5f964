"""Ports of servers that a test or a supervisor starts (processes/ports.py)."""

import socket

import pytest

from processes import ports
from processes.errors import ProcessError
from processes.ports import LOOPBACK, can_bind, free_port, reserve_port


@pytest.fixture
def one_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave free_port a single candidate, which is free."""
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
    for name in ("_FIRST_PORT", "_LAST_PORT"):
        monkeypatch.setattr(ports, name, port)


@pytest.mark.usefixtures("one_port")
def test_a_reserved_port_is_free_again_after_many_others(monkeypatch: pytest.MonkeyPatch) -> None:
    port = reserve_port()
    for take in (free_port, reserve_port):
        with pytest.raises(ProcessError, match="No free TCP port"):
            take()
    with monkeypatch.context() as others:
        others.setattr(ports, "_FIRST_PORT", 20_000)
        others.setattr(ports, "_LAST_PORT", 32_000)
        for _ in range(ports._MOST_RESERVATIONS):
            reserve_port()
    assert free_port() == reserve_port() == port


@pytest.mark.usefixtures("one_port")
def test_a_port_with_a_server_is_not_free() -> None:
    with socket.create_server((LOOPBACK, ports._FIRST_PORT)), pytest.raises(ProcessError):
        free_port()


@pytest.mark.parametrize("option", [socket.SO_REUSEADDR, socket.SO_REUSEPORT])
def test_a_server_can_listen_on_a_reserved_port_and_gets_every_connection(option: int) -> None:
    port = reserve_port()
    assert can_bind(LOOPBACK, port)
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, option, 1)
        server.bind((LOOPBACK, port))
        server.listen()
        assert not can_bind(LOOPBACK, port)
        for _ in range(20):
            with socket.create_connection((LOOPBACK, port), timeout=5):
                server.accept()[0].close()
