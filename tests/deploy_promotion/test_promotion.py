"""Promotions between two real installations: of a good release, and of two that must not reach production."""

import json
import logging
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from app import create_app
from app.crypto.signing import generate_signing_key
from app.database.migrations import migrate_database
from app.domain.objectives import count_minute
from app.domain.timeline import day_number
from app.objectives import load_objectives
from app.upkeep.minutes import fold_minutes
from app.upkeep.status_publication import Publication
from clients.environment import clients_environment
from clients.phone.schedule import retrieval_path
from processes.ports import LOOPBACK, reserve_port
from tests.deploy_host.hosts import environment
from tests.deploy_promotion.installation import stop
from tests.support.roles import run_as_owner
from tests.support.settings import SECRETS, make_settings
from tests.support.torture import only_in_ci, only_in_torture
from tests.support.waiting import wait_until

_logger = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
HMAC = bytes.fromhex(SECRETS["RETRIEVE_HMAC_KEY"])
NOTES_TOKEN = "a-token-of-the-promotion-0001"
SURFACES = "submission,retrieval,status"
FAILS_SOMETIMES = """

_made = create_app

def create_app(*arguments, **options):
    app = _made(*arguments, **options)

    def fail():  # for some clients, as the load is: its codes are one in twenty of its requests
        from flask import request
        if request.path == "/new-key-claim" and "User-Agent" not in request.headers:
            raise RuntimeError("a fault of this release")

    app.before_request(fail)
    return app
"""


@dataclass
class Installation:
    """A web process with a database of its own; a thread does every other second what its worker does every minute."""

    folder: Path
    url: str
    database_url: str
    redis_url: str

    def __post_init__(self) -> None:
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._measure)
        self.app = create_app(make_settings(self.database_url, self.redis_url, SURFACES=SURFACES))
        migrate_database(self.app)

    def start(self) -> None:
        self.serve("v1")
        self._thread.start()

    def serve(self, release: str) -> None:
        subprocess.run([*self.command, release], check=True, timeout=200)

    @property
    def command(self) -> list[str]:
        return [sys.executable, str(ROOT / "tests/deploy_promotion/installation.py"), str(self.folder)]

    def serves(self) -> str:
        return json.loads((self.folder / "serves.json").read_text())["release"]

    def has_status(self) -> bool:
        return requests.get(f"{self.url}/status.json", timeout=60).ok

    def notes(self) -> list[str]:
        with self.app.context.database.autocommit() as connection:
            query = "SELECT text FROM incident_events WHERE kind = 'note' ORDER BY id"
            return [row[0] for row in connection.exec_driver_sql(query)]

    def _measure(self) -> None:
        context = self.app.context
        # How fast this machine is must not decide whether a release reaches production.
        objectives = tuple(each for each in load_objectives() if not each.name.endswith("-latency"))
        publication = Publication(context.status, context.incidents, objectives)
        while not self._stopped.wait(2):
            now = datetime.now(UTC)
            with suppress(requests.RequestException):  # while another release starts
                requests.get(self.url + retrieval_path(day_number(now), int(now.timestamp()), HMAC), timeout=10)
            ended = now + timedelta(minutes=1, seconds=6)  # so that the present minute has ended
            try:
                fold_minutes(context.database, context.redis, lambda counted: count_minute(objectives, counted), ended)
                publication.publish(now)
            except Exception:  # as the worker does: it logs what failed, and runs the job again
                _logger.exception("a job failed")

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        with suppress(FileNotFoundError):
            stop(json.loads((self.folder / "serves.json").read_text())["pid"])
        self.app.context.redis.close()
        self.app.context.database.dispose()


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of releases: two that work, one that signs with another key, and one that fails sometimes."""
    folder = tmp_path_factory.mktemp("code")
    for name in ("v1", "v2", "other-key"):
        (folder / name).symlink_to(ROOT)
    (folder / "other-key.json").write_text(json.dumps({"ECDSA_KEY": generate_signing_key()}))
    faulty = folder / "faulty"
    for name in ("app", "bin", "worker", "migrations"):
        shutil.copytree(ROOT / name, faulty / name)
    for name in ("gunicorn.conf.py", "objectives.yaml", "Procfile", "pyproject.toml"):
        shutil.copy(ROOT / name, faulty / name)
    with (faulty / "app" / "__init__.py").open("a") as file:
        file.write(FAILS_SOMETIMES)
    return folder


@pytest.fixture(scope="module")
def installations(
    database_url: str, redis_url: str, releases: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Installation]]:
    made = {}
    for number, name in enumerate(("staging", "production"), 1):
        folder = tmp_path_factory.mktemp(name)
        (folder / "releases").symlink_to(releases)
        run_as_owner(database_url, f"CREATE DATABASE promotion_{name}")
        urls = {
            "DATABASE_URL": f"{database_url.rpartition('/')[0]}/promotion_{name}",
            "REDIS_URL": f"{redis_url.rpartition('/')[0]}/{number}",
        }
        address = f"{LOOPBACK}:{reserve_port()}"
        own = {"SURFACES": SURFACES, "ENV": "test", "WEB_CONCURRENCY": "1", "BIND_ADDR": address}
        own |= {"RATE_LIMITS": "off", "RELEASE_PERIOD_HOURS": "0", "RELEASE_MINIMUM_UPLOADS": "0"}
        own |= {"EXPORT_MAX_AGE_SECONDS": "0", "STATUS_NOTE_TOKENS": f"{NOTES_TOKEN}=promotion"}
        (folder / "settings.json").write_text(json.dumps(environment(SECRETS | urls | own)))
        made[name] = Installation(folder, f"http://{address}", urls["DATABASE_URL"], urls["REDIS_URL"])
    try:
        for each in made.values():
            each.start()
        for each in made.values():
            wait_until(each.has_status, "the status is published")
        yield made
    finally:
        for each in made.values():
            each.stop()
        for name in made:
            run_as_owner(database_url, f"DROP DATABASE promotion_{name} WITH (FORCE)")


@pytest.fixture
def plan(installations: dict[str, Installation], tmp_path: Path) -> Path:
    staging, production = installations["staging"], installations["production"]
    for each in (staging, production):
        if each.serves() != "v1":
            each.serve("v1")
    clients = clients_environment(SECRETS, staging.url)
    names = ("KEY_CLAIM_TOKEN", "RETRIEVE_HMAC_KEY", "EXPORT_PUBLIC_KEY")
    for name, value in [*((name, clients[name]) for name in names), ("NOTES", NOTES_TOKEN)]:
        (tmp_path / name).write_text(value)
    lines = []
    for name, each in installations.items():
        command = " ".join(each.command)
        lines += [f"[{name}]", f'status_url = "{each.url}"', f'rollback = "{command} previous"']
        lines += [f'notes_token = "file://{tmp_path}/NOTES"', "soak_seconds = 0"]
        if name == "staging":
            lines += [f'deploy = "{command} $VERSION"', f'submission_url = "{each.url}"']
            lines += [f'retrieval_url = "{each.url}"', "[staging.secrets]"]
            lines += [f'{secret.lower()} = "file://{tmp_path}/{secret}"' for secret in names]
        else:
            lines += [f'canary = "{command} $VERSION"', f'all = "{command} $VERSION"']
    file = tmp_path / "plan.toml"
    file.write_text("\n".join(lines) + "\n")
    return file


def arguments(plan: Path, version: str, *more: str) -> list[str]:
    sizes = ["--people", "20", "--load-seconds", "4", "--rate", "100", "--settle-seconds", "20"]
    folder = ["--folder", str(plan.parent / "record"), "--measured-seconds", "12"]
    return [sys.executable, "-m", "deploy.promotion", str(plan), version, *sizes, *folder, *more]


def promote(plan: Path, version: str, *more: str) -> tuple[int, str]:
    """Run a promotion; return its exit status and output."""
    values = environment({}) | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        arguments(plan, version, *more), cwd=ROOT, env=values, capture_output=True, text=True, timeout=500
    )
    return done.returncode, done.stdout + done.stderr


@only_in_torture
def test_a_good_release_reaches_production_also_after_an_interruption(
    plan: Path, installations: dict[str, Installation]
) -> None:
    staging, production = installations["staging"], installations["production"]
    log = plan.parent / "record" / "plan.log"
    values = environment({}) | {"PYTHONPATH": str(ROOT)}
    first = subprocess.Popen(arguments(plan, "v2"), cwd=ROOT, env=values, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: log.exists() and "staging: load: begins" in log.read_text(), "the load begins", 200)
    finally:
        first.send_signal(signal.SIGTERM)
        first.wait(60)
    assert first.returncode == 130
    assert (staging.serves(), production.serves()) == ("v2", "v1")
    assert promote(plan, "v1")[0] == 1  # another release, while this one is not finished
    status, output = promote(plan, "v2")
    assert status == 0, output
    assert output.count("done before") == 3
    assert "resuming with: staging: load" in output
    assert (staging.serves(), production.serves()) == ("v2", "v2")
    passed = [note for note in production.notes() if note.startswith("Release v2: ")]
    assert [note.split(": ")[2].partition(" passed")[0] for note in passed] == [
        "canary",
        "objectives of the canary",
        "all",
        "objectives",
    ]
    assert not (plan.parent / "record" / "plan.json").exists()


@only_in_ci
def test_a_release_that_fails_the_smoke_test_is_rolled_back(plan: Path, installations: dict[str, Installation]) -> None:
    status, output = promote(plan, "other-key")
    assert status == 1
    assert "STOPPED other-key: staging: smoke test" in output
    assert installations["staging"].serves() == "v1"
    assert installations["production"].serves() == "v1"
    notes = installations["staging"].notes()
    assert "rolled back after" in notes[-1]
    assert notes[-2].startswith("Release other-key: staging: smoke test failed")


@only_in_torture
def test_a_release_that_fails_one_request_in_twenty_is_stopped_by_the_objectives(
    plan: Path, installations: dict[str, Installation]
) -> None:
    status, output = promote(plan, "faulty")
    assert status == 1, output
    assert "STOPPED faulty: staging: objectives: " in output
    assert "codes-availability: " in output
    assert "times what its budget allows" in output
    assert installations["staging"].serves() == "v1"
    assert installations["production"].serves() == "v1"


def test_the_log_of_a_plan_that_cannot_begin_names_the_cause(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text("[staging]\n")
    status, output = promote(tmp_path / "plan.toml", "v1")
    assert status == 1
    assert "must have the tables staging and production" in output
    assert sorted(file.name for file in (tmp_path / "record").iterdir()) == ["plan.lock", "plan.log"]


def test_starting_over_rolls_back_what_was_interrupted(tmp_path: Path) -> None:
    text = (ROOT / "deploy/promotion/plans/host.toml").read_text()
    rollback, command = r'^(\w*rollback) = (?:"""(?s:.*?)"""|.*)$', rf'\1 = "echo $VERSION >> {tmp_path}/rolled-back"'
    text = re.sub(rollback, command, text, flags=re.MULTILINE)
    (tmp_path / "plan.toml").write_text(re.sub(r'"https://status[^"]*"', f'"http://{LOOPBACK}:1"', text))
    (tmp_path / "record").mkdir()
    record = {"version": "v1", "done": [], "begun": "staging: deploy", "before": {"staging": {}}}
    (tmp_path / "record" / "plan.json").write_text(json.dumps(record))
    status, output = promote(tmp_path / "plan.toml", "v2")
    assert (status, "v1 was interrupted: finish it" in output) == (1, True)
    status, output = promote(tmp_path / "plan.toml", "v2", "--restart")
    assert status == 1  # staging has no status page
    assert "starting over: v1 was interrupted" in output
    assert "STOPPED v2: staging: deploy: status.json: no answer" in output
    assert (tmp_path / "rolled-back").read_text().split() == ["v1"]  # of v2, nothing was begun
    assert not (tmp_path / "record" / "plan.json").exists()
