"""`exposure-alert doctor`, which the watch runs every five minutes: what it checks, and what it finds wrong."""

import os
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy.host import __main__ as command
from deploy.host import doctor, proxy
from deploy.host.backup import SUFFIX
from deploy.host.host import Host
from deploy.host.plan import BACKUPS, STATUS_FOLDER
from deploy.host.rehearsal import RESULT
from deploy.host.settings import ALL_SURFACES
from tests.deploy_host.hosts import host_settings

HOUR, DAY = 3600, 86_400
BACKUP, REHEARSAL = f"{BACKUPS}/2026-01-01T000000Z{SUFFIX}", f"{BACKUPS}/{RESULT}"
DOCUMENT = f"{STATUS_FOLDER}/status.json"
JOBS = {"submission": "purge finished", "portal": "portal purge finished", "sharing": "sharing purge finished"}


class RunningHost(Host):
    """A folder as a host that serves in green. Everything runs, except what a test changes."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.stopped, self.unready, self.certificate, self.free_gigabytes = "", "", "", 16
        self.journal = {f"exposure-alert-worker-{surface}.service": line for surface, line in JOBS.items()}
        self.minutes = dict[str, int]()  # in which a unit must have logged its line, if not five
        for path in (BACKUP, REHEARSAL, DOCUMENT):
            self.path(path).parent.mkdir(parents=True, exist_ok=True)
            self.path(path).touch()
        self.path(proxy.FOLDER).mkdir(parents=True)
        self.link(f"{proxy.FOLDER}/upstreams.conf", "upstreams-green.conf")

    def succeeds(self, *argv: str) -> bool:
        assert argv[:3] == ("systemctl", "is-active", "--quiet")
        return argv[3] != self.stopped

    def readiness(self, surface: str, slot: str) -> str:
        """Stand in for a request to the web process."""
        assert slot == "green"
        return "database is down" if surface == self.unready else ""

    def search_journal(self, argv: list[str], **_: object) -> SimpleNamespace:
        """Stand in for journalctl."""
        assert argv[:2] == ["journalctl", "--quiet"]
        options = dict(zip(argv[2::2], argv[3::2], strict=True))
        line, minutes = self.journal[options["--unit"]], self.minutes.get(options["--unit"], 5)
        assert options["--since"] == f"-{minutes}min"
        return SimpleNamespace(stdout=line.encode() if options["--grep"] in line else b"")

    def disk_usage(self, folder: Path) -> SimpleNamespace:
        """Stand in for the disk of a folder."""
        assert folder == self.path("/var")
        return SimpleNamespace(free=self.free_gigabytes * 10**9, total=100 * 10**9)

    def set_age(self, path: str, seconds: float) -> None:
        os.utime(self.path(path), (time.time() - seconds,) * 2)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunningHost:
    running = RunningHost(tmp_path / "host")
    monkeypatch.setattr(doctor, "readiness", running.readiness)
    monkeypatch.setattr(doctor, "subprocess", SimpleNamespace(run=running.search_journal))
    monkeypatch.setattr(doctor, "wrong_certificate", lambda *_: running.certificate)
    monkeypatch.setattr(doctor, "shutil", SimpleNamespace(disk_usage=running.disk_usage))
    return running


def test_of_a_host_on_which_everything_runs_nothing_is_wrong(host: RunningHost, tmp_path: Path) -> None:
    found = dict(doctor.findings(host, host_settings(tmp_path)))
    assert set(found.values()) == {""}
    assert set(found) == {
        *(f"exposure-alert-web-{surface}@green.service" for surface in ALL_SURFACES),
        *(f"exposure-alert-worker-{surface}.service" for surface in ALL_SURFACES),
        *("exposure-alert-clock.service", "exposure-alert-redis.service", "exposure-alert-proxy.service"),
        *(f"{surface} is ready" for surface in ALL_SURFACES),
        *(f"{surface}: '{line}'" for surface, line in JOBS.items()),
        *("status document", "backup", "rehearsal of the restore", "certificate", "disk"),
    }


def test_a_surface_that_the_host_does_not_serve_is_not_checked(host: RunningHost, tmp_path: Path) -> None:
    found = dict(doctor.findings(host, host_settings(tmp_path, SURFACES="submission,retrieval")))
    assert [subject for subject in found if any(name in subject for name in ("portal", "sharing", "status"))] == []


@pytest.mark.parametrize(
    ("break_it", "subject", "wrong"),
    [
        *(
            (lambda host, unit=unit: setattr(host, "stopped", unit), unit, f"does not run: journalctl -u {unit}")
            for unit in (
                "exposure-alert-web-retrieval@green.service",
                "exposure-alert-worker-status.service",
                "exposure-alert-clock.service",
                "exposure-alert-redis.service",
                "exposure-alert-proxy.service",
            )
        ),
        (lambda host: setattr(host, "unready", "portal"), "portal is ready", "database is down"),
        *(
            (lambda host, unit=unit: host.journal.update({unit: "started"}), subject, "not in 5 minutes")
            for surface, line in JOBS.items()
            for unit, subject in [(f"exposure-alert-worker-{surface}.service", f"{surface}: '{line}'")]
        ),
        (
            lambda host: host.path(DOCUMENT).unlink(),
            "status document",
            "there is none: journalctl -u exposure-alert-worker-status",
        ),
        (lambda host: host.set_age(DOCUMENT, 310), "status document", "it is 310 seconds old"),
        (lambda host: host.set_age(BACKUP, 14 * HOUR), "backup", "the newest is 14 hours old"),
        (lambda host: host.set_age(REHEARSAL, 10 * DAY), "rehearsal of the restore", "the last was 10 days ago"),
        (lambda host: setattr(host, "certificate", "ends"), "certificate", "ends"),
        (lambda host: setattr(host, "free_gigabytes", 15), "disk", "15 GB are free"),
    ],
)
def test_what_does_not_run_or_is_old_is_the_only_thing_wrong(
    break_it: Callable[[RunningHost], None], subject: str, wrong: str, host: RunningHost, tmp_path: Path
) -> None:
    break_it(host)
    assert [each for each in doctor.findings(host, host_settings(tmp_path)) if each[1]] == [(subject, wrong)]


def test_what_may_be_as_old_as_it_is_is_not_wrong(host: RunningHost, tmp_path: Path) -> None:
    for path, seconds in ((DOCUMENT, 290), (BACKUP, 12.9 * HOUR), (REHEARSAL, 8.9 * DAY)):
        host.set_age(path, seconds)
    assert [each for each in doctor.findings(host, host_settings(tmp_path)) if each[1]] == []


@pytest.mark.parametrize(("interval", "minutes"), [("1", 5), ("150", 5), ("1800", 60)])
def test_a_purge_is_missed_after_two_of_its_intervals(
    interval: str, minutes: int, host: RunningHost, tmp_path: Path
) -> None:
    host.minutes["exposure-alert-worker-submission.service"] = minutes
    settings = host_settings(tmp_path, **{"submission.WORKER_EXPIRATION_INTERVAL": interval})
    assert [each for each in doctor.findings(host, settings) if each[1]] == []
    host.journal["exposure-alert-worker-submission.service"] = "started"
    missed = ("submission: 'purge finished'", f"not in {minutes} minutes")
    assert [each for each in doctor.findings(host, settings) if each[1]] == [missed]


def test_the_watch_fails_if_anything_is_wrong(
    host: RunningHost, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = host_settings(tmp_path)
    assert command._doctor(host, settings, Namespace()) == 0
    assert "WRONG" not in capsys.readouterr().out
    host.unready = "sharing"
    assert command._doctor(host, settings, Namespace()) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith("right\t")] == ["WRONG\tsharing is ready\tdatabase is down"]
