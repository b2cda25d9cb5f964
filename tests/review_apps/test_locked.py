"""Apps whose code was not reviewed: what they cannot do (review_apps/locked.py, review_apps/confined.py)."""

import errno
import json
import os
import platform
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis

from processes.ports import free_port
from processes.urls import port_of
from review_apps import confined
from tests.review_apps.host import Host, basic
from tests.review_apps.locking import USERS, locked_host, needs_landlock, needs_root, open_locked
from tests.review_apps.small_app import WEB

# What a hostile app tries, each with what happened; the targets are in the file `targets`.
ATTEMPTS = """
import json, os, signal, socket, subprocess
targets = json.load(open("targets"))

def attempt(action):
    try:
        return f"done: {action()!r}"
    except OSError as error:
        return type(error).__name__

def connect(port, kind=socket.SOCK_STREAM, address="127.0.0.1"):
    client = socket.socket(socket.AF_INET, kind)
    client.settimeout(5)
    client.connect((address, port))

def fast_open(port):
    socket.socket().sendto(b"x", socket.MSG_FASTOPEN, ("127.0.0.1", port))

RESULTS = {
    "read another app": attempt(lambda: open(targets["other"]).read(9)),
    "list all apps": attempt(lambda: os.listdir(targets["apps"])),
    "read the keeper's key": attempt(lambda: open(targets["ports"]).read(9)),
    "read accounts": attempt(lambda: open("/etc/shadow").read(9)),
    "read another process": attempt(lambda: open(f"/proc/{targets['pid']}/environ").read(9)),
    "change its own start": attempt(lambda: open("../specification.json", "a")),
    "change its packages": attempt(lambda: open("../venv/pyvenv.cfg", "a")),
    "write to /tmp": attempt(lambda: open("/tmp/from-a-locked-app", "w")),
    "ask another app": attempt(lambda: connect(targets["port"])),
    "ask another app's Redis": attempt(lambda: connect(targets["redis"])),
    "ask PostgreSQL without TLS": attempt(lambda: connect(targets["postgres"])),
    "ask another host": attempt(lambda: connect(targets["tls"], address="203.0.113.1")),
    "ask the keeper": attempt(lambda: connect(targets["keeper"])),
    "ask nginx": attempt(lambda: connect(targets["nginx"])),
    "ask by fast open": attempt(lambda: fast_open(targets["port"])),
    "send a datagram": attempt(lambda: connect(53, socket.SOCK_DGRAM)),
    "use a Unix socket": attempt(lambda: socket.socket(socket.AF_UNIX)),
    "listen elsewhere": attempt(lambda: socket.socket().bind(("127.0.0.1", 0))),
    "end another process": attempt(lambda: os.kill(targets["pid"], signal.SIGTERM)),
    "change user": attempt(lambda: os.setuid(12345)),
}
"""
# It leaves a process behind that has neither its session, nor its parent, nor its variables.
LEFT_BEHIND = """
subprocess.run(["sh", "-c", "setsid sleep 1000 < /dev/null > /dev/null 2>&1 &"], env={"PATH": os.environ["PATH"]})
"""
HOSTILE_WEB = ATTEMPTS + LEFT_BEHIND + WEB.replace('"version": open("version").read()', '"version": RESULTS')
# It exchanges the files by which it is built, before they are read.
HOOK = """
echo '-r ../../../../pr-0001.json' > requirements.txt
ln -sf ../../../../pr-0001.json app.json
echo 'web: true' > Procfile
"""
RELEASE = ATTEMPTS + "print(json.dumps(RESULTS))\nopen('written', 'w').write('own folder')\n"


def targets(host: Host) -> str:
    """Return what the app tries to reach: all of it exists."""
    other = host.processes(1)["web.1"]
    kept = json.loads((host.home / "shared" / "ports.json").read_text())
    return json.dumps(
        {
            "apps": str(host.home / "apps"),
            "other": str(host.home / "apps" / "pr-0001.json"),
            "ports": str(host.home / "shared" / "ports.json"),
            "pid": other.pid,
            "port": int(other.environ()["PORT"]),
            "keeper": kept["keeper"],
            "nginx": host.port,
            "redis": port_of(other.environ()["REDIS_URL"]),
            "postgres": kept["postgres"],
            "tls": kept["postgres_tls"],
        }
    )


@pytest.fixture(scope="module")
def locking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host with a locked app, number 1."""
    with locked_host(tmp_path_factory) as host:
        open_locked(host, 1, "main")
        yield host


@needs_root
def test_a_locked_app_works_and_reaches_nothing_of_the_host(locking: Host) -> None:
    host = locking
    files = {"web.py": HOSTILE_WEB, "release.py": RELEASE, "targets": targets(host), "bin/pre_compile": HOOK}
    (host.repository.folder / "bin").mkdir()
    host.repository.commit("hostile", files)
    host.repository.git("checkout", "--quiet", "main")
    open_locked(host, 2, "hostile")
    described = host.show(2)
    assert described["locked"] is True
    assert done_in(host) == {}
    log = host.run("logs", 2, "--lines", 500)
    assert "done:" not in log.partition("release | ")[2].partition("\n")[0]
    assert "PermissionError" in log

    # Its own database, Redis, port, folder and log, it has; and a user, who has nothing else.
    web = host.processes(2)["web.1"]
    user = web.uids().real
    assert user in USERS
    assert user != host.processes(1)["web.1"].uids().real
    variables = web.environ()
    psycopg2.connect(variables["DATABASE_URL"]).close()
    redis.Redis.from_url(variables["REDIS_URL"]).close()
    assert (host.folder(2) / "releases" / "0001" / "source" / "written").read_text() == "own folder"
    assert "its code gets no terminal" in host.run("run", 2, "--", "id", fails=True)

    # With its passwords, it reaches nothing of another app.
    other = host.processes(1)["web.1"].environ()
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        psycopg2.connect(variables["DATABASE_URL"].rpartition("/")[0] + "/review_pr_0001")
    own_password = variables["REDIS_URL"].rpartition("@")[0]
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(f"{own_password}@{other['REDIS_URL'].rpartition('@')[2]}").ping()

    # It stays locked when it sleeps, wakes and is updated.
    host.run("sleep", 2)
    assert done_in(host) == {}
    host.repository.git("checkout", "--quiet", "hostile")
    host.repository.commit("hostile", {"another": ""})
    host.repository.git("checkout", "--quiet", "main")
    host.run("update", 2)
    assert host.show(2)["locked"] is True
    assert done_in(host) == {}

    # A link to a repository that it makes itself is not followed, and no process of its user is left.
    assert [each for each in psutil.process_iter() if owner(each) == user and each.ppid() == 1]
    (host.folder(2) / "releases" / "0002" / "source" / ".git").write_text("gitdir: /nowhere\n")
    host.run("close", 2)
    host.wait_until_gone(2)
    assert [each for each in psutil.process_iter() if owner(each) == user and runs(each)] == []
    assert host.get(1, **basic(host.show(1)["password"])).status == 200


def runs(process: psutil.Process) -> bool:
    return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)


def owner(process: psutil.Process) -> int:
    try:
        return int(process.uids().real)
    except psutil.NoSuchProcess:
        return -1


def done_in(host: Host) -> dict[str, str]:
    """Return what the hostile app did that it should not be able to."""
    facts = json.loads(host.get(2, **basic(host.show(2)["password"])).body)
    assert len(facts["version"]) == 20
    return {name: result for name, result in facts["version"].items() if result.startswith("done")}


# Everything that can be done in one's own folder, but for devices.
INSIDE = """
set -e
cd "$0"
mkdir folder empty
rmdir empty
echo longer > file
ln file folder/file
echo own > folder/file
ln -s folder/file link
mkfifo fifo
rm fifo
"""


@needs_landlock
def test_what_a_confined_process_may_do(tmp_path: Path) -> None:
    """Its children are confined as well."""
    rules = {"read": ["/"], "write": [str(tmp_path), "/dev/null"], "bind": [], "connect": [], "tasks": 64}
    pid = os.fork()
    if pid == 0:
        confined.confine(rules)
        inside = subprocess.run(["sh", "-c", INSIDE, tmp_path])
        outside = subprocess.run(["sh", "-c", 'echo other > "$0"/other', tmp_path.parent])
        device = subprocess.run(["mknod", tmp_path / "device", "c", "1", "3"])
        os._exit(0 if inside.returncode == 0 and outside.returncode != 0 and device.returncode != 0 else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert (tmp_path / "link").read_text() == "own\n"


# Every way into the network but TCP at the ports of the rules, and past them; what the kernel answers to each.
WAYS = """
import ctypes, json, os, platform, resource, socket, sys
port, own, parent = int(sys.argv[1]), int(sys.argv[2]), os.getppid()
sendmmsg = {"x86_64": 307, "aarch64": 269}[platform.machine()]
libc, tcp, there = ctypes.CDLL(None, use_errno=True), socket.socket(), ("127.0.0.1", port)

def call(*arguments):
    if libc.syscall(*arguments) < 0:
        raise OSError(ctypes.get_errno(), "")

ways = {
    "UDP": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "UDP by IPv6": lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM),
    "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    "MPTCP": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262),
    "a Unix socket": lambda: socket.socket(socket.AF_UNIX),
    "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "another port": lambda: tcp.connect(("127.0.0.1", port ^ 1)),
    "listening": lambda: tcp.bind(("127.0.0.1", 0)),
    "fast open by sendto": lambda: tcp.sendto(b"x", socket.MSG_FASTOPEN, there),
    "fast open by sendmsg": lambda: tcp.sendmsg([b"x"], [], socket.MSG_FASTOPEN, there),
    "fast open by sendmmsg": lambda: call(sendmmsg, tcp.fileno(), None, 0, 1 << 29),
    "io_uring": lambda: call(425, 1, None),
    "system calls of x32": lambda: call(1 << 30 | 39),
    "a signal": lambda: os.kill(parent, 0),
    "TCP": lambda: socket.socket().connect(there),
    "TCP of its own": lambda: socket.socket().bind(("127.0.0.1", own)),
    "TCP by IPv6": lambda: socket.socket(socket.AF_INET6),
}
done = {}
for name, way in ways.items():
    try:
        way()
        done[name] = "done"
    except OSError as error:
        done[name] = type(error).__name__
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
tasks = resource.getrlimit(resource.RLIMIT_NPROC)
print(json.dumps([done, int(status["NoNewPrivs"]), tasks, int(status["CapBnd"], 16)]))
"""


@needs_landlock
def test_a_confined_process_has_no_way_into_the_network_but_tcp_at_its_ports() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port, own = server.getsockname()[1], free_port()
        rules = {"read": ["/"], "write": ["/dev/null"], "bind": [own], "connect": [port], "tasks": 64}
        confine = [sys.executable, "-I", confined.__file__, json.dumps(rules)]
        command = [*confine, sys.executable, "-c", WAYS, str(port), str(own)]
        done, *limits, capabilities = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert {name for name, result in done.items() if result == "done"} == {"TCP", "TCP of its own", "TCP by IPv6"}
    assert {result for result in done.values() if result != "done"} == {"PermissionError"}
    assert limits == [1, [64, 64]]
    assert capabilities == 0 or os.geteuid() != 0


# The system call getpid of 32-bit programs, whose numbers are others: mov eax, 20; int 0x80; ret.
CALL_32 = """
import ctypes, mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex("b814000000cd80c3"))
print(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))())
"""


@needs_landlock
@pytest.mark.skipif(platform.machine() != "x86_64", reason="other processors have no such instruction")
def test_a_confined_process_has_no_system_calls_of_32_bit_programs() -> None:
    command = [sys.executable, "-c", CALL_32]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("the kernel has none either")
    rules = {"read": ["/"], "write": [], "bind": [], "connect": [], "tasks": 64}
    confine = [sys.executable, "-I", confined.__file__, json.dumps(rules)]
    assert int(subprocess.run([*confine, *command], capture_output=True, check=True).stdout) == -errno.EACCES


@needs_landlock
def test_a_command_that_cannot_be_confined_is_not_run() -> None:
    rules = {"read": ["/"], "write": [], "bind": [70_000], "connect": [], "tasks": 64}  # which is no port
    command = [sys.executable, "-I", confined.__file__, json.dumps(rules), "echo", "run"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "OSError: [Errno 22]" in done.stderr
