"""This service as a review app: what a reviewer finds, how much memory it takes, and after how long it answers."""

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests

from app.config.parsers import signing_key
from app.domain.limits import SERVED_DAYS
from clients import smoke
from clients.phone import archive, crypto
from clients.phone.protocol import Server
from clients.phone.settings import Settings
from processes.ports import reserve_port
from tests.review_apps.host import DOMAIN, ROOT, Host
from tests.review_apps.small_app import Repository
from tests.support.cluster import put_cluster
from tests.support.programs import require_program
from tests.support.torture import only_in_ci, only_in_torture
from tests.support.waiting import wait_until
from tests.support.web import workers_of

pytestmark = only_in_ci

DYNO_MB = 512
GOAL_MB = 560  # for everything but PostgreSQL, the portal and sharing included


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host whose repository is this checkout with its uncommitted changes, in two branches."""
    require_program("nginx")
    folder = tmp_path_factory.mktemp("host")
    repository = Repository(folder / "repository")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (repository.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, repository.folder / name)
    repository.commit("main", {})
    repository.commit("topic", {"CHANGED": ""})
    put_cluster(folder / "home" / "shared" / "postgres", tmp_path_factory)
    host = Host(folder / "home", repository, reserve_port(), durable=False)
    yield host
    host.run("reconcile", "--none-open")


@pytest.fixture(scope="module")
def first(host: Host) -> dict[str, Any]:
    """The description of an open app, and how many seconds it took."""
    began = time.monotonic()
    app = host.open(1, "main")
    return {**app, "seconds": time.monotonic() - began}


def today() -> int:
    """Return the number of the day, which changes if midnight falls into a test."""
    return int(time.time()) // 86_400


class Reviewer:
    """A person who tries an app: through nginx, by its host name, with its password."""

    def __init__(self, host: Host, app: dict[str, Any]) -> None:
        self.environment = host.processes(app["number"])["web.1"].environ()
        self.url = f"http://127.0.0.1:{host.port}"
        self.session = requests.Session()
        self.session.headers.update({"Host": f"{app['name']}.{DOMAIN}", "X-Review-Password": app["password"]})
        self.public_key = signing_key(self.environment["ECDSA_KEY"]).public_key()
        hmac_key = bytes.fromhex(self.environment["RETRIEVE_HMAC_KEY"])
        self.server = Server(Settings(self.url, self.url, hmac_key, self.public_key), self.session)

    @property
    def secrets(self) -> list[str]:
        """The secrets that app.json lets the platform generate."""
        manifest = json.loads((ROOT / "app.json").read_text())["environments"]["review"]["env"]
        return [self.environment[name] for name, variable in manifest.items() if "generator" in variable]

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.url + path, timeout=30)

    def code(self) -> str:
        bearer = {"Authorization": f"Bearer {self.environment['KEY_CLAIM_TOKEN']}"}
        answer = self.session.post(f"{self.url}/new-key-claim", headers=bearer, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.text.strip()

    def keys(self, day: int) -> set[bytes]:
        """Return the keys of a day's archive, which the app's own key must have signed."""
        downloaded = self.server.archive(day, int(time.time()))
        return {published.key.key_data for published in archive.read(downloaded, self.public_key).keys}

    def walk(self) -> None:
        """Upload a key as a patient, and wait until it is in the archive of today."""
        first = today()
        sent = crypto.new_key((first - 2) * crypto.DAY_INTERVALS)
        self.server.upload(self.server.claim(self.code()), [sent], int(time.time()))
        wait_until(
            lambda: any(sent.key_data in self.keys(day) for day in range(first, today() + 1)),
            "the archive of today has the key",
        )


def test_a_reviewer_finds_every_page_and_a_working_service(host: Host, first: dict[str, Any]) -> None:
    reviewer = Reviewer(host, first)
    assert reviewer.get("/services/ready").json() == {"postgresql": "up", "redis": "up", "migrations": "current"}
    assert reviewer.get("/services/version.json").json() == {"branch": "main", "revision": first["commit"]}
    assert reviewer.get("/phone/en").status_code == 200
    front = reviewer.get("/").text
    assert "Pull request 1</h1>" in front
    assert f'title="{first["commit"]}"' in front
    assert '<span class="line__process">web.1</span>' in front
    assert [secret for secret in reviewer.secrets if secret in front] == []
    assert smoke.run(smoke.SmokeTest(reviewer.url, reviewer.session), sys.stdout.write)
    # The seeded keys of a day become public on the next; those of fourteen days ago are too old today.
    wait_until(
        lambda: all(reviewer.keys(day) for day in range(today() - SERVED_DAYS + 2, today())),
        "every past day has seeded keys",
    )
    reviewer.walk()
    print(f"from `open` to here: {first['seconds']:.1f} s")


def test_an_app_needs_no_more_memory_than_a_dyno_has(host: Host, first: dict[str, Any]) -> None:
    for name, process in host.processes(1).items():
        resident = [process.memory_info().rss, *(child.memory_info().rss for child in process.children(recursive=True))]
        print(f"{name}: {sum(resident) >> 20} MB")
        assert sum(resident) >> 20 < DYNO_MB, name
    web = host.processes(1)["web.1"]
    assert len(workers_of(web)) == int(web.environ()["WEB_CONCURRENCY"]) == 2
    print(f"all of it: {host.show(1)['memory_mb']} MB")
    assert host.show(1)["memory_mb"] < GOAL_MB


@only_in_torture
def test_its_release_may_run_again_and_twice_at_once(host: Host, first: dict[str, Any]) -> None:
    environment = Reviewer(host, first).environment
    source = Path(host.processes(1)["web.1"].cwd())
    command = ["flask", "--app", "app", "db", "upgrade"]
    releases = [subprocess.Popen(command, cwd=source, env=environment, stderr=subprocess.DEVNULL) for _ in range(3)]
    assert [release.wait(240) for release in releases] == [0, 0, 0]


@only_in_torture
def test_two_apps_are_isolated_and_an_update_fails_no_request(host: Host, first: dict[str, Any]) -> None:
    one, two = Reviewer(host, first), Reviewer(host, host.open(12, "topic"))
    two.walk()
    yesterday = today() - 1
    padding = one.keys(yesterday)
    assert padding == two.keys(yesterday)
    assert one.environment["SEALING_KEYS"] != two.environment["SEALING_KEYS"]
    with pytest.raises(psycopg2.OperationalError, match="permission denied"):
        psycopg2.connect(one.environment["DATABASE_URL"].rpartition("/")[0] + "/review_pr_0012")

    failed, passed, stop = [], [], threading.Event()

    def send(path: str) -> None:
        while not stop.is_set():
            answer = requests.get(two.url + path, headers=dict(two.session.headers), timeout=30)
            (passed if answer.status_code == 200 else failed).append(path)

    threads = [threading.Thread(target=send, args=(path,)) for path in ("/services/ready", "/phone/en")]
    for thread in threads:
        thread.start()
    try:
        commit = host.repository.commit("topic", {"CHANGED": "again"})
        host.run("update", 12)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    print(f"{len(passed)} requests during the update")
    assert failed == []
    assert two.get("/services/version.json").json()["revision"] == commit
    two.walk()

    host.repository.commit("topic", {"Procfile": "release: flask --app app db upgrade nowhere\nweb: bin/web\n"})
    assert "Can't locate revision identified by 'nowhere'" in host.run("update", 12, fails=True)
    assert two.get("/services/version.json").json()["revision"] == commit
    host.run("close", 12)
    host.wait_until_gone(12)
    assert json.loads(one.get("/services/ready").text)["redis"] == "up"
