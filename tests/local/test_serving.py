"""Threads that wait for clients by themselves (app/web/serving.py), under a gunicorn of one worker with two of them."""

import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from gunicorn.config import Config

from app.web.serving import Client, WaitingThreads
from processes.ports import can_bind, free_port

ROOT = Path(__file__).resolve().parents[2]
APPLICATION = """
import sys, time
def torn():
    yield b"the beginning of "
    raise ValueError
def application(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(1)
    if environ["PATH_INFO"] == "/torn":
        start_response("200 OK", [("Content-Length", "100")])
        return torn()
    if environ["PATH_INFO"] == "/exit":
        sys.exit()
    if environ["PATH_INFO"] == "/nothing":
        start_response("304 Not Modified", [])
        return []
    body = environ["PATH_INFO"].encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
"""
HASTE = """
from app.web.serving import WaitingThreads

class worker_class(WaitingThreads):
    seconds_to_send = 1.5
    seconds_to_leave = 1.5

workers, threads, worker_connections, keepalive = 1, 2, 6, 2
"""
QUICK = b"GET /quick HTTP/1.1\r\nHost: x\r\n\r\n"
SLOW = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"


@dataclass
class Server:
    """A gunicorn with room for six connections, which waits no longer than a second or two."""

    process: "subprocess.Popen[bytes]"
    port: int
    connections: ExitStack = field(default_factory=ExitStack)

    def connect(self, sent: bytes = b"") -> socket.socket:
        """Connect and send something."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        self.connections.enter_context(connection)
        connection.sendall(sent)
        return connection


@contextmanager
def serving(folder: Path, otherwise: str = "", files: int = 1024) -> Iterator[Server]:
    (folder / "stub.py").write_text(APPLICATION)
    (folder / "gunicorn.conf.py").write_text((ROOT / "gunicorn.conf.py").read_text() + HASTE + otherwise)
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "stub:application"],
            cwd=folder,
            env={**os.environ, "BIND_ADDR": f"127.0.0.1:{port}", "PYTHONPATH": str(ROOT)},
            stderr=log,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)),
        )
    while can_bind("127.0.0.1", port):
        assert process.poll() is None
    yield Server(process, port)
    process.terminate()
    assert process.wait(10) == 0


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("serving")) as server:
        yield server


@pytest.fixture
def server(lasting: Server) -> Iterator[Server]:
    """A server that goes on after the test, without its connections."""
    with lasting.connections:
        yield lasting


@pytest.fixture
def ending(tmp_path: Path) -> Iterator[Server]:
    """A server that the test may end."""
    with serving(tmp_path) as server, server.connections:
        yield server


def answer_on(connection: socket.socket) -> bytes:
    """Return one answer, header and body, or nothing if the server hung up."""
    received = b""
    while b"\r\n\r\n" not in received:
        if not (chunk := connection.recv(1)):
            return received
        received += chunk
    length = int(received.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while length and (chunk := connection.recv(length)):
        received += chunk
        length -= len(chunk)
    return received


def hung_up(connection: socket.socket) -> bool:
    """Wait until the server hangs up."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def seconds(call: Callable[[], object]) -> float:
    began = time.monotonic()
    call()
    return time.monotonic() - began


def test_a_connection_serves_one_request_after_the_other_until_it_is_idle_for_too_long(server: Server) -> None:
    connection = server.connect()
    for _ in range(3):
        connection.sendall(QUICK)
        assert answer_on(connection).endswith(b"/quick")
    assert 1.5 < seconds(lambda: hung_up(connection)) < 5


def test_requests_that_were_sent_at_once_are_all_answered_in_order(server: Server) -> None:
    connection = server.connect(QUICK + SLOW + QUICK)
    assert [answer_on(connection)[-5:] for _ in range(3)] == [b"quick", b"/slow", b"quick"]


def test_a_client_that_asks_first_may_send_its_body(server: Server) -> None:
    asking = b"POST /quick HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    connection = server.connect(asking)
    go_on = b"HTTP/1.1 100 Continue\r\n\r\n"
    assert connection.recv(len(go_on), socket.MSG_WAITALL) == go_on
    connection.sendall(b"body")
    assert answer_on(connection).endswith(b"/quick")


def test_more_clients_than_threads_are_served_side_by_side(server: Server) -> None:
    idle = [server.connect() for _ in range(3)]
    assert seconds(lambda: [answer_on(each) for each in (server.connect(SLOW), server.connect(SLOW))]) < 1.8
    assert all(answer_on(each) == b"" for each in idle)  # they never sent anything


def test_a_house_that_is_full_takes_the_next_when_one_has_left(server: Server) -> None:
    guests = [server.connect(QUICK) for _ in range(6)]
    answers = [answer_on(guest) for guest in guests]
    assert sum(b"Connection: close" in answer for answer in answers) >= 1  # lest those who stay leave no room
    late = server.connect(QUICK)
    assert answer_on(late).endswith(b"/quick")


@pytest.fixture
def worker() -> Iterator[WaitingThreads]:
    """A worker with room for one connection, whose threads have not been started."""
    configuration = Config()
    configuration.set("worker_connections", 1)
    worker = WaitingThreads(1, 0, [], None, 1, configuration, None)
    worker._poll = select.epoll()
    yield worker
    worker._poll.close()
    worker.tmp.close()


def test_a_worker_that_ends_lets_in_whoever_is_at_the_door_and_nobody_else(worker: WaitingThreads) -> None:
    worker._door.acquire()
    ending = threading.Thread(target=worker._end)
    ending.start()
    ending.join(0.2)
    assert ending.is_alive()
    worker._door.release()
    ending.join(5)
    assert not ending.is_alive()
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        worker._accept(listener)
        assert worker._clients == {}
        listener.accept()[0].close()  # another worker may have it


def test_a_guest_who_leaves_while_the_house_fills_up_makes_room(
    worker: WaitingThreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    class LeftMeanwhile(dict[int, Client]):
        """Its first client leaves, in another thread as it were, while the number of all is asked for."""

        def __len__(self) -> int:
            number = super().__len__()
            worker._let_go(next(iter(self.values())))
            return number

    listened: list[bool] = []
    monkeypatch.setattr(worker, "_listen", lambda: listened.append(True))
    worker._clients = LeftMeanwhile()
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        worker._accept(listener)
    assert listened


def test_a_worker_that_may_open_no_more_files_says_so_and_waits(tmp_path: Path) -> None:
    with serving(tmp_path, "worker_connections = 100", files=40) as server, server.connections:
        assert answer_on(server.connect(QUICK)).endswith(b"/quick")
        (worker,) = psutil.Process(server.process.pid).children()
        idle = [server.connect() for _ in range(45)]
        before = sum(worker.cpu_times()[:2])
        time.sleep(1)
        assert sum(worker.cpu_times()[:2]) - before < 0.5
        assert (tmp_path / "log").read_bytes().count(b"no more connections can be opened") in (1, 2)
        for each in idle:
            each.close()
        assert answer_on(server.connect(QUICK)).endswith(b"/quick")


def test_an_answer_without_a_body_does_not_wait_for_the_rest_of_the_request(server: Server) -> None:
    unfinished = server.connect(b"GET /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
    assert seconds(lambda: unfinished.recv(100)) < 1


def test_one_that_has_to_leave_gets_its_whole_answer_and_is_not_waited_for(server: Server) -> None:
    leaving = server.connect(b"GET /quick HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer_on(leaving).endswith(b"/quick")
    assert hung_up(leaving)
    leaving.sendall(b"more" * 1000)  # it does not hang up, and even sends on
    assert answer_on(server.connect(QUICK)).endswith(b"/quick")


@pytest.mark.parametrize("path", [b"/torn", b"/exit"])
def test_an_application_that_fails_half_way_costs_neither_a_thread_nor_room(server: Server, path: bytes) -> None:
    for _ in range(8):
        failing = server.connect(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        while failing.recv(65536):
            pass
        failing.close()
    assert seconds(lambda: answer_on(server.connect(QUICK))) < 1


def test_a_worker_that_ends_answers_what_has_begun_and_one_request_more_on_a_kept_connection(ending: Server) -> None:
    kept, slow = ending.connect(QUICK), ending.connect(SLOW)
    last = answer_on(kept)
    ending.process.send_signal(signal.SIGTERM)
    while b"Connection: close" not in last:  # until it has heard of its end
        assert last.endswith(b"/quick")
        time.sleep(0.05)
        kept.sendall(QUICK)
        last = answer_on(kept)
    assert last.endswith(b"/quick")
    assert answer_on(slow).endswith(b"/slow")
    assert seconds(lambda: ending.process.wait(20)) < 10  # of 25


def test_a_worker_that_ends_does_not_wait_for_connections_that_only_wait(ending: Server) -> None:
    kept, silent = ending.connect(QUICK), ending.connect()
    answer_on(kept)
    ending.process.send_signal(signal.SIGTERM)
    assert seconds(lambda: ending.process.wait(20)) < 10  # of 25
    assert hung_up(kept)
    assert hung_up(silent)
