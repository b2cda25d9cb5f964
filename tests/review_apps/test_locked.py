"""Apps whose code was not reviewed: what they cannot do (review_apps/locked.py, review_apps/confined.py)."""

import json
import os
import subprocess
from pathlib import Path

import psycopg2
import pytest
import redis

from review_apps import confined
from review_apps.errors import ReviewAppError
from review_apps.locked import check_source
from tests.review_apps.host import Host, basic
from tests.review_apps.small_app import WEB

needs_landlock = pytest.mark.skipif(confined.abi() < confined.NEEDED_ABI, reason="the kernel has no Landlock")

# What a hostile app tries, each with what happened; the targets are in the file `targets`.
ATTEMPTS = """
import json, os, signal, socket, subprocess
targets = json.load(open("targets"))

def attempt(action):
    try:
        return f"done: {action()!r}"
    except OSError as error:
        return type(error).__name__

def connect(port, kind=socket.SOCK_STREAM):
    client = socket.socket(socket.AF_INET, kind)
    client.settimeout(5)
    client.connect(("127.0.0.1", port))

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
HOSTILE_WEB = ATTEMPTS + WEB.replace('"version": open("version").read()', '"version": RESULTS')
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
        }
    )


@needs_landlock
def test_a_locked_app_works_and_reaches_nothing_of_the_host(host: Host) -> None:
    host.repository.commit("trusted", {"version": "trusted"})
    trusted = host.open(1, "trusted")["password"]
    host.repository.git("checkout", "--quiet", "main")
    files = {"web.py": HOSTILE_WEB, "release.py": RELEASE, "targets": targets(host)}
    host.repository.commit("hostile", files)
    host.run("open", 2, "--branch", "hostile", "--repository", host.repository.folder, "--locked")
    described = host.show(2)
    assert described["locked"] is True

    facts = json.loads(host.get(2, **basic(described["password"])).body)
    done = {name: result for name, result in facts["version"].items() if result.startswith("done")}
    assert done == {}
    log = host.run("logs", 2, "--lines", 500)
    assert "done:" not in log.partition("release | ")[2].partition("\n")[0]
    assert "PermissionError" in log

    # Its own database, Redis and port, it has.
    variables = host.processes(2)["web.1"].environ()
    psycopg2.connect(variables["DATABASE_URL"]).close()
    redis.Redis.from_url(variables["REDIS_URL"]).close()
    assert (host.folder(2) / "releases" / "0001" / "source" / "written").read_text() == "own folder"
    assert "its code gets no terminal" in host.run("run", 2, "--", "id", fails=True)

    # It stays locked when it sleeps, wakes and is updated.
    host.run("sleep", 2)
    facts = json.loads(host.get(2, **basic(described["password"])).body)
    assert "done" not in str(facts["version"].values())
    host.repository.git("checkout", "--quiet", "hostile")
    host.repository.commit("hostile", {"another": ""})
    host.repository.git("checkout", "--quiet", "main")
    host.run("update", 2)
    assert host.show(2)["locked"] is True
    facts = json.loads(host.get(2, **basic(described["password"])).body)
    assert "done" not in str(facts["version"].values())

    # A link to a repository that it makes itself is not followed.
    (host.folder(2) / "releases" / "0002" / "source" / ".git").write_text("gitdir: /nowhere\n")
    host.run("close", 2)
    host.wait_until_gone(2)
    assert host.get(1, **basic(trusted)).status == 200


@needs_landlock
def test_what_a_confined_process_may_do(tmp_path: Path) -> None:
    """Its children are confined as well."""
    rules = {"read": ["/"], "write": [str(tmp_path), "/dev/null"], "bind": [], "connect": []}
    pid = os.fork()
    if pid == 0:
        confined.confine(rules)
        inside = subprocess.run(["sh", "-c", 'echo own > "$0"/file', tmp_path])
        outside = subprocess.run(["sh", "-c", 'echo other > "$0"/other', tmp_path.parent])
        os._exit(0 if inside.returncode == 0 and outside.returncode != 0 else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert (tmp_path / "file").read_text() == "own\n"


def test_a_host_that_cannot_confine_refuses(host: Host) -> None:
    settings = host.home / "settings.json"
    before = settings.read_text()
    settings.write_text(json.dumps({**json.loads(before), "database_url": "postgresql://u:p@db.example/x"}))
    try:
        arguments = ("open", 3, "--branch", "main", "--repository", host.repository.folder, "--locked")
        assert "it is refused" in host.run(*arguments, fails=True)
    finally:
        settings.write_text(before)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "-r ../../../pr-0001.json\n"),
        ("requirements.txt", "--index-url https://example.org/simple\nflask\n"),
        ("requirements.txt", "x @ https://example.org/x.whl\n"),
        ("requirements.txt", "./local\n"),
        ("requirements.txt", "-e .\n"),
        ("uv.lock", ""),
        ("poetry.lock", ""),
    ],
)
def test_a_locked_app_may_require_packages_of_the_index_alone(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ReviewAppError, match="a locked app may"):
        check_source(tmp_path)


def test_plain_requirements_are_accepted_and_links_are_not(tmp_path: Path) -> None:
    digest = "0" * 64
    (tmp_path / "requirements.txt").write_text(
        "# a comment\n\nflask[async]>=3,<4 ; python_version < '3.14'  # why\n"
        f"redis==8.1.0 \\\n    --hash=sha256:{digest} \\\n    --hash=sha256:{digest}\n"
    )
    (tmp_path / "inside").symlink_to("requirements.txt")
    check_source(tmp_path)
    (tmp_path / "app.json").symlink_to("../pr-0001.json")
    with pytest.raises(ReviewAppError, match=r"links out of its own folder: app\.json"):
        check_source(tmp_path)
