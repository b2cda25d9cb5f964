"""Users of locked apps, without anything else that confines an app (review_apps/users.py), and hosts that have none."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import redis

from processes.pdeathsig import without_privileges
from processes.ports import reserve_port
from review_apps import users
from review_apps.errors import ReviewAppError
from review_apps.locked import check_host
from review_apps.settings import Settings
from tests.review_apps.host import Host, command
from tests.review_apps.locking import (
    FOREIGN,
    IP,
    forget_rules,
    locked_host,
    needs_landlock,
    needs_root,
    open_locked,
)
from tests.review_apps.small_app import FILES, Repository
from tests.support.torture import only_in_torture
from tests.support.waiting import wait_until

pytestmark = only_in_torture

_CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5).recv(1)"
_NAMESPACE = "review-apps-test"
_THERE = "198.51.100.2"


def run_as(user: int, *command: object) -> "subprocess.CompletedProcess[str]":
    """Run a command as a user without privileges, and without Landlock and a filter of system calls."""
    argv = [*without_privileges(user), *map(str, command)]
    return subprocess.run(argv, cwd="/", capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def locking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host with two locked apps."""
    with locked_host(tmp_path_factory) as host:
        open_locked(host, 1, "main")
        open_locked(host, 12, "main")
        yield host


@needs_root
def test_a_user_can_read_the_files_of_its_own_app_alone(locking: Host) -> None:
    user, own = locking.processes(12)["web.1"].uids().real, locking.folder(12)
    readable, writable = accessible(user, locking.home)
    assert {own / "log", own / "releases" / "0001" / "source" / "web.py"} <= readable
    assert [path for path in readable if not path.is_relative_to(own)] == []
    changeable = (own / "releases" / "0001" / "source", own / "home", own / "services" / "redis")
    assert set(changeable) <= writable
    writable.discard(own / "releases" / "0001" / "venv" / ".lock")  # empty, and made by uv for everyone
    assert [path for path in writable if not any(map(path.is_relative_to, changeable))] == []
    assert accessible(FOREIGN, locking.home) == (set(), set())


def accessible(user: int, folder: Path) -> tuple[set[Path], set[Path]]:
    """Return the files and folders that a user may read, and those that it may write."""
    paths = [str(path) for path in folder.rglob("*") if not path.is_symlink()]
    found = []
    for mode in ("R_OK", "W_OK"):
        code = (
            f"import os, sys; print(*(p for p in sys.stdin.read().splitlines() if os.access(p, os.{mode})), sep='\\n')"
        )
        argv = [*without_privileges(user), sys.executable, "-c", code]
        done = subprocess.run(argv, input="\n".join(paths), cwd="/", capture_output=True, text=True, check=True)
        found.append(set(map(Path, done.stdout.split())))
    return found[0], found[1]


@needs_root
def test_a_user_can_neither_signal_nor_inspect_processes_of_another_app(locking: Host) -> None:
    own, other = locking.processes(12)["web.1"], locking.processes(1)["web.1"]
    user = own.uids().real
    for process, permitted in ((own, True), (other, False)):
        assert (run_as(user, "sh", "-c", f"kill -0 {process.pid}").returncode == 0) is permitted
        assert (run_as(user, "cat", f"/proc/{process.pid}/environ").returncode == 0) is permitted


@needs_root
def test_processes_of_an_app_have_no_privileges_and_a_limit_of_the_kernel(locking: Host) -> None:
    web = locking.processes(12)["web.1"]
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{web.pid}/status").read_text().splitlines() if ":" in line
    )
    assert {name: int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == dict.fromkeys(
        ("CapPrm", "CapEff", "CapBnd", "CapAmb"), 0
    )
    assert status["Groups"].split() == []
    assert status["NoNewPrivs"].strip() == "1"
    limits = Path(f"/proc/{web.pid}/limits").read_text().splitlines()
    assert next(line.split()[2:4] for line in limits if line.startswith("Max processes")) == ["1024", "1024"]


@needs_root
def test_no_server_that_reads_what_an_app_sends_runs_as_root(locking: Host) -> None:
    children = [each for each in psutil.process_iter() if str(locking.home / "shared") in command(each)]
    roles = {name: [each for each in children if name in command(each)] for name in ("postgres", "tls_front")}
    assert all(roles.values())
    for process in [each for found in roles.values() for each in found]:
        assert process.uids().real != 0, command(process)


@needs_root
def test_redis_of_an_app_runs_as_its_user_and_connects_to_no_other_server(locking: Host) -> None:
    web = locking.processes(12)["web.1"]
    with redis.Redis.from_url(web.environ()["REDIS_URL"]) as client:
        process = int(client.info("server")["process_id"])
        assert f"Uid:\t{web.uids().real}" in Path(f"/proc/{process}/status").read_text()
        client.set("stolen", "secret")
        for command in (
            ("MIGRATE", "127.0.0.1", locking.port, "stolen", 0, 100),
            ("REPLICAOF", "127.0.0.1", locking.port),
            ("CONFIG", "SET", "dir", "/"),
            ("MODULE", "LOAD", "/x.so"),
            ("EVAL", f"return redis.call('MIGRATE', '127.0.0.1', {locking.port}, 'stolen', 0, 100)", 0),
        ):
            with pytest.raises(redis.ResponseError, match=r"permission|not allowed|ACL"):
                client.execute_command(*command)


@needs_root
def test_processes_of_an_app_end_with_a_daemon_that_is_killed(locking: Host) -> None:
    before = list(locking.processes(12).values())
    daemon = locking.folder(12) / "releases" / "0001" / "pid"
    os.kill(int(daemon.read_text()), signal.SIGKILL)
    wait_until(lambda: not any(map(command, before)), "the processes have ended")
    locking.run("wake", 12)
    assert locking.listed(12)["state"] == "running"


@needs_root
def test_a_user_reaches_this_host_and_no_other(locking: Host) -> None:
    user = locking.processes(12)["web.1"].uids().real
    with another_host() as port, listening("127.0.0.1") as own_port:
        assert run_as(FOREIGN, sys.executable, "-c", _CONNECT, _THERE, port).returncode == 0
        assert run_as(user, sys.executable, "-c", _CONNECT, "127.0.0.1", own_port).returncode == 0
        assert "Network is unreachable" in run_as(user, sys.executable, "-c", _CONNECT, _THERE, port).stderr
        forget_rules()
        assert run_as(user, sys.executable, "-c", _CONNECT, _THERE, port).returncode == 0
        # An app that wakes or is updated has the rule again.
        locking.run("update", 12)
        assert "Network is unreachable" in run_as(user, sys.executable, "-c", _CONNECT, _THERE, port).stderr


@contextmanager
def another_host() -> Iterator[int]:
    """Yield the port of a server in a network namespace, which is reached through a pair of virtual devices."""
    server = "import socket\ns = socket.create_server(('', 0))\nprint(s.getsockname()[1], flush=True)\n"
    server += "while True: s.accept()[0].sendall(b'x')"
    ip("netns", "add", _NAMESPACE)
    try:
        ip("link", "add", "review0", "type", "veth", "peer", "name", "review1", "netns", _NAMESPACE)
        ip("address", "add", "198.51.100.1/30", "dev", "review0")
        ip("link", "set", "review0", "up")
        ip("-n", _NAMESPACE, "address", "add", f"{_THERE}/30", "dev", "review1")
        ip("-n", _NAMESPACE, "link", "set", "review1", "up")
        command = [IP, "netns", "exec", _NAMESPACE, sys.executable, "-c", server]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            try:
                yield int(process.stdout.readline())
            finally:
                process.send_signal(signal.SIGKILL)
    finally:
        ip("netns", "del", _NAMESPACE)


def ip(*arguments: str) -> None:
    subprocess.run([IP, *arguments], check=True, capture_output=True)


@contextmanager
def listening(address: str) -> Iterator[int]:
    """Yield the port of a server that sends a byte to the first client."""
    with socket.create_server((address, 0)) as server:
        thread = threading.Thread(target=_send_to_one, args=(server,))
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def _send_to_one(server: socket.socket) -> None:
    client, _ = server.accept()
    with client:
        client.sendall(b"x")


@needs_root
def test_a_host_for_locked_apps_opens_no_other(locking: Host) -> None:
    arguments = ("--branch", "main", "--repository", locking.repository.folder)
    assert (
        refusal(locking, "open", 3, *arguments)
        == "this host has `locked_users`, and so opens locked apps alone: pass --locked"
    )
    assert "opens locked apps alone" in refusal(locking, "test", *arguments)


@needs_root
def test_every_app_has_another_user_until_none_is_left(tmp_path: Path) -> None:
    few = range(FOREIGN + 1, FOREIGN + 3)
    folders = [tmp_path / f"pr-000{number}" for number in range(3)]
    first, second = (users.prepare(folder, few) for folder in folders[:2])
    assert {first, second} == set(few)
    with pytest.raises(ReviewAppError, match="all 2 users of locked_users are taken"):
        users.prepare(folders[2], few)
    folders[0].rmdir()
    assert users.prepare(folders[2], few) == first


@needs_root
def test_a_user_whose_processes_run_is_not_given_to_another_app(tmp_path: Path) -> None:
    one = range(FOREIGN + 3, FOREIGN + 4)
    with subprocess.Popen([*without_privileges(one.start), "sleep", "1000"]) as process:
        while process.poll() is None and one.start not in users._running():
            pass
        with pytest.raises(ReviewAppError, match="are taken"):
            users.prepare(tmp_path / "pr-0001", one)
        users.end_processes(one.start)
        assert process.wait() == -signal.SIGKILL
    assert users.prepare(tmp_path / "pr-0001", one) == one.start


def test_processes_that_do_not_end_are_not_waited_for_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "_END_SECONDS", 0.2)
    monkeypatch.setattr(users, "_running", lambda: {FOREIGN})  # as one that waits for a disk
    with pytest.raises(ReviewAppError, match=f"processes of the user {FOREIGN} do not end"):
        users.end_processes(FOREIGN)


@needs_landlock
@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "a locked app needs a user of its own, from `locked_users` in settings.json: it is refused"),
        ({"database_url": "postgresql://u:p@db.example/x"}, "a locked app needs the embedded PostgreSQL"),
        ({"locked_users": "all"}, "locked_users is a range of user numbers such as 30000-30099, and not 'all'"),
        ({"locked_users": "0-10"}, "locked_users is a range"),
        ({"locked_users": "30010-30000"}, "locked_users is a range"),
    ],
)
def test_a_host_that_cannot_confine_refuses_in_one_line(tmp_path: Path, settings: dict[str, str], reason: str) -> None:
    host = Host(tmp_path / "home", small_repository(tmp_path), reserve_port(), **settings)
    assert refusal(host, *opening(host)).startswith(reason)
    assert not (host.home / "apps" / "pr-0003").exists()


@needs_root
def test_a_range_with_an_account_of_the_host_is_refused(tmp_path: Path) -> None:
    host = Host(tmp_path / "home", small_repository(tmp_path), reserve_port(), locked_users="65530-65540")
    assert refusal(host, *opening(host)) == "a locked app is refused: 65534 of locked_users belongs to nobody"


@needs_root
def test_a_folder_that_its_user_cannot_reach_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    host = Host(tmp_path / "home", small_repository(tmp_path), reserve_port(), locked_users="42000-42009")
    assert "its user cannot reach" in refusal(host, *opening(host))
    assert "42000-42009" not in subprocess.run([IP, "rule"], capture_output=True, text=True, check=True).stdout


@needs_landlock
def test_an_ordinary_user_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ReviewAppError, match="which only root can give it: it is refused"):
        check_host(Settings(tmp_path, locked_users="42000-42009"))


def small_repository(folder: Path) -> Repository:
    repository = Repository(folder / "repository")
    repository.commit("main", FILES)
    return repository


def opening(host: Host) -> tuple[object, ...]:
    return ("open", 3, "--branch", "main", "--repository", host.repository.folder, "--locked")


def refusal(host: Host, *arguments: object) -> str:
    """Return the one line with which a command fails."""
    lines = host.run(*arguments, fails=True).splitlines()
    assert len(lines) == 1, lines
    return lines[0]
