"""503 real keys are sent through the public API of a running server, by the documented command, and published."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from app.domain.timeline import midnight
from clients.environment import clients_environment
from clients.phone import archive
from clients.phone.errors import DownloadRefusedError
from clients.phone.protocol import Server
from clients.phone.settings import Settings
from clients.replay.day import divide_among_patients, move_to_present, read_day
from clients.replay.run import Patients, Replay, ReplayError, check_archive, check_order
from tests.support.service import Service
from tests.support.serving import serve_in_thread
from tests.support.settings import SECRETS
from tests.support.torture import only_in_torture

ROOT = Path(__file__).parents[2]
FILE = ROOT / "tests" / "data" / "published_keys_2020-06-23.csv"


class QuietHandler(WSGIRequestHandler):
    """Leaves the log of requests to the application."""

    def log(self, *_: object) -> None:  # type: ignore[override]
        """Write nothing."""


@pytest.fixture
def running(make_service: Callable[..., Service]) -> Iterator[tuple[Service, str]]:
    """A service at the real time, listening on a free port, and its address."""
    service = make_service(EXPORT_MAX_AGE_SECONDS="1")
    service.clock.runs = True
    server = make_server("127.0.0.1", 0, service.app, threaded=True, request_handler=QuietHandler)
    with serve_in_thread(server):
        yield service, f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def given(running: tuple[Service, str]) -> dict[str, str]:
    """What an integrator is given to use the service."""
    return clients_environment(SECRETS, running[1])


def command(given: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    """Run the command as a person does: the application of this process writes its log elsewhere."""
    environment = {"PATH": os.environ["PATH"], **given}
    words = (sys.executable, "-m", "clients.replay", *words)
    return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)


def now() -> int:
    return int(datetime.now(UTC).timestamp())


def test_the_day_is_replayed_twice_and_joins_the_bundle_after_midnight(
    running: tuple[Service, str], given: dict[str, str]
) -> None:
    service, address = running
    for _ in range(2):
        done = command(given, str(FILE), "--url", address)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[0] == "90 patients sent 503 keys."
        assert "has each of them once, in order" in done.stdout
    assert service.rows("SELECT count(*) AS keys FROM diagnosis_keys")[0].keys == 503

    service.clock.runs = False
    service.clock.now = midnight(datetime.now(UTC)) + timedelta(days=1)
    bundle = archive.read(service.fetch("00000").data, Settings.from_environ(given).public_key)
    sent = {published.key.key_data for published in read_day(FILE)}
    assert [published.key.key_data for published in bundle.keys] == sorted(sent)


def test_midnight_may_fall_into_a_replay(running: tuple[Service, str], given: dict[str, str]) -> None:
    service, _ = running
    service.clock.runs = False
    tomorrow = midnight(service.clock.now) + timedelta(days=1)
    service.clock.now = tomorrow - timedelta(seconds=1)
    patients = divide_among_patients(move_to_present(read_day(FILE), service.today))[:2]

    def pass_midnight(sent: Patients) -> Patients:
        for keys in sent:
            yield keys
            service.clock.now = tomorrow + timedelta(seconds=5)  # the archive of before is too old

    replay = Replay(Server(Settings.from_environ(given)), given["KEY_CLAIM_TOKEN"])
    replayed = replay.run(patients, pass_midnight, unix_time=lambda: service.clock.now.timestamp())
    assert replayed.bundle_keys == len(patients[0])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"KEY_CLAIM_TOKEN": "not-a-token"}, "the server issued no code: HTTP 401"),
        ({"RETRIEVE_HMAC_KEY": "bb" * 32}, "is missing: HTTP 401, unauthorized"),
        ({"SUBMISSION_URL": "http://127.0.0.1:1"}, "http://127.0.0.1:1 refused the connection"),
        ({"SUBMISSION_URL": "file:///etc"}, "file:// is not an address"),
        ({"EXPORT_PUBLIC_KEY": "x"}, "EXPORT_PUBLIC_KEY: the public key is neither PEM nor base64"),
    ],
)
def test_a_server_that_refuses_fails_the_replay_in_one_line(
    given: dict[str, str], change: dict[str, str], reason: str
) -> None:
    done = command({**given, **change}, str(FILE))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("replay: ")
    assert done.stderr.count("\n") == 1
    assert reason in done.stderr


@only_in_torture
def test_the_secrets_may_be_those_of_the_service(running: tuple[Service, str]) -> None:
    done = command(SECRETS, str(FILE), "--url", running[1])
    assert (done.returncode, done.stderr) == (0, "")


def test_a_file_that_is_missing_fails_the_replay_in_one_line(given: dict[str, str]) -> None:
    done = command(given, "no-such-file.csv")
    assert (done.returncode, done.stderr) == (1, "replay: [Errno 2] No such file or directory: 'no-such-file.csv'\n")


def test_lost_added_and_changed_keys_fail_the_replay(given: dict[str, str]) -> None:
    server = Server(Settings.from_environ(given))
    replay = Replay(server, given["KEY_CLAIM_TOKEN"])
    assert replay.run([]).keys == 0
    day = read_day(FILE)
    ordered = sorted(day, key=lambda published: published.key.key_data)

    def holding(keys: list[archive.PublishedKey]) -> archive.Archive:
        return archive.Archive(0, 0, "CA", tuple(keys))

    check_archive(holding(ordered), day, set())
    with pytest.raises(ReplayError, match="503 of 503 keys are missing"):
        check_archive(replay.fetch(0, now()), day, set())
    with pytest.raises(ReplayError, match="1 keys of the archive were never uploaded"):
        check_archive(holding(ordered), ordered[1:], set())
    with pytest.raises(ReplayError, match="changed the validity or the risk level"):
        check_archive(holding([archive.PublishedKey(ordered[0].key, 7), *ordered[1:]]), day, set())
    with pytest.raises(ReplayError, match="not in order"):
        check_order(holding(ordered[::-1]))
    with pytest.raises(DownloadRefusedError):
        replay.fetch(now() // 86_400 + 1, now())
