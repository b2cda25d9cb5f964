"""Projects that know nothing of this one, opened unchanged: Django, FastAPI, and plain WSGI with a worker."""

import functools
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from processes.ports import can_bind, reserve_port
from tests.review_apps.host import Host, basic
from tests.review_apps.small_app import Repository
from tests.support.cluster import put_cluster
from tests.support.programs import require_program
from tests.support.torture import only_in_torture
from tests.support.waiting import wait_until

pytestmark = only_in_torture

HERE = Path(__file__).parent
LISTS = ("requirements.txt", "Pipfile", "Pipfile.lock", "pyproject.toml", "poetry.lock", "uv.lock")


@pytest.fixture
def host(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host whose repository is empty."""
    require_program("nginx")
    put_cluster(tmp_path / "home" / "shared" / "postgres", tmp_path_factory)
    host = Host(tmp_path / "home", Repository(tmp_path / "repository"), reserve_port(), durable=False)
    yield host
    host.run("reconcile", "--none-open")


@functools.cache
def default_index() -> str:
    """Return the address of the index that pip uses unless it is told otherwise."""
    explained = subprocess.run([sys.executable, "-m", "pip", "help", "install"], capture_output=True, text=True).stdout
    return re.search(r"\(default\s+(https://\S+?)\)", explained)[1]


def put(host: Host, app: str, locks: str = "") -> None:
    """Commit one of the apps, with the lock files of a folder in place of its own.

    Lock files name an index, and uv's also the host of each file: that of the app is made here.
    """
    folder = host.repository.folder
    shutil.copytree(HERE / "apps" / app, folder, dirs_exist_ok=True)
    if locks:
        for name in LISTS:
            (folder / name).unlink(missing_ok=True)
        shutil.copytree(HERE / "locks" / locks, folder, dirs_exist_ok=True)
    for path in folder.iterdir():
        if path.name in (*LISTS, "Pipfile", "pyproject.toml"):
            path.write_text(path.read_text().replace("https://index.test/simple", default_index()))
    if (folder / "pyproject.toml").exists() and not (folder / "poetry.lock").exists():
        subprocess.run(["uv", "lock", "--quiet", "--system-certs"], cwd=folder, check=True)
    host.repository.commit("main", {})


def facts(host: Host, password: str, **changes: str) -> dict[str, object]:
    answer = host.get(1, **changes, **basic(password))
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


class Load:
    """Requests that are sent meanwhile; `failures` are the answers other than 200."""

    def __init__(self, host: Host, password: str) -> None:
        self._host, self._password = host, password
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self.failures: list[object] = []
        self.count = 0

    def _send(self) -> None:
        while not self._stop.wait(0.02):
            answer = self._host.get(1, **basic(self._password))
            self.count += 1
            if answer.status != 200:
                self.failures.append((answer.status, answer.body))

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def live(host: Host, password: str) -> None:
    """Update an app under load, break an update, let it sleep, wake it, and close it."""
    with Load(host, password) as load:
        host.repository.commit("main", {"CHANGED": "1"})
        host.run("update", 1)
    assert load.count > 5
    assert load.failures == []

    procfile = host.repository.folder / "Procfile"
    before = procfile.read_text()
    procfile.write_text("release: echo stop && false\n" + before.replace("release:", "other:"))
    host.repository.commit("main", {})
    assert "release (echo stop && false) failed with exit code 1" in host.run("update", 1, fails=True)
    assert host.get(1, **basic(password)).status == 200

    host.run("sleep", 1)
    assert host.processes(1) == {}
    began = time.monotonic()
    assert host.get(1, **basic(password)).status == 200
    print(f"awake after {time.monotonic() - began:.1f} s")

    port = int(host.processes(1)["web.1"].environ()["PORT"])
    host.run("close", 1)
    host.wait_until_gone(1)
    wait_until(lambda: can_bind("127.0.0.1", port), "its port is free")
    assert list((host.home / "apps").iterdir()) == []


def test_a_site_in_django_opens_as_on_the_platform(host: Host) -> None:
    """TLS to the database, collected static files, `release` with `&&`, and no health path."""
    put(host, "django_site")
    began = time.monotonic()
    password = host.open(1, "main")["password"]
    print(f"open after {time.monotonic() - began:.1f} s")
    first = facts(host, password)
    assert (first["visits"], first["encrypted"]) == (2, True)  # the first is of the health check
    style = host.get(1, str(first["css"]), **basic(password))
    assert (style.status, style.body) == (200, b"body { color: teal; }\n")
    assert "migrated pr-0001" in host.run("logs", 1)
    environment = host.processes(1)["web.1"].environ()
    assert environment["PAGE_SIZE"] == "10"
    # Without TLS, as well.
    psycopg2.connect(environment["DATABASE_URL"], sslmode="disable").close()
    live(host, password)


def test_a_service_in_fastapi_opens_with_uv_lock_and_assets(host: Host) -> None:
    put(host, "fastapi_service")
    password = host.open(1, "main")["password"]
    assert facts(host, password) == {"assets": "built by node" if shutil.which("npm") else "none"}
    output = host.run("test", "--branch", "main", "--repository", host.repository.folder)
    assert "tested hello" in output
    assert not (host.home / "apps" / "pr-0000").exists()
    live(host, password)


@pytest.mark.parametrize("locks", ["", "poetry", "hashed"], ids=["pipenv", "poetry", "hashed"])
def test_a_plain_wsgi_app_with_a_worker_opens_with_every_lock_file(host: Host, locks: str) -> None:
    put(host, "wsgi_queue", locks)
    password = host.open(1, "main")["password"]
    assert facts(host, password) == {"done": 0, "seeded": "yes", "variable": "set"}
    host.get(1, "/", "POST", b"", **basic(password))
    wait_until(lambda: facts(host, password)["done"] == 1, "the worker does the job")
    if locks == "hashed":
        wrong = host.repository.folder / "requirements.txt"
        wrong.write_text(wrong.read_text().replace("--hash=sha256:", "--hash=sha256:0000")[:-4])
        host.repository.commit("main", {})
        assert "the requirements cannot be installed" in host.run("update", 1, fails=True)
        host.repository.git("reset", "--quiet", "--hard", "HEAD~1")
    live(host, password)
