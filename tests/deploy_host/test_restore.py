"""`exposure-alert restore`: a backup is in the place of the database, or the database before it is there again."""

import re
from pathlib import Path

import pytest

from deploy.host import restore, switch
from deploy.host.errors import HostError
from deploy.host.plan import BACKUPS, DATABASE, ETC, OWNER_USER
from deploy.host.settings import HostSettings
from tests.deploy_host.hosts import InterruptedHost, host_settings, serving

WEB = "exposure-alert-web-submission@blue.service"
WORKERS = "exposure-alert-worker-submission.service exposure-alert-clock.service"


class HostWithDatabases(InterruptedHost):
    """A host that also knows what each of its databases contains."""

    def __init__(self, root: Path, at: str) -> None:
        super().__init__(root, at)
        self.contents = {DATABASE: "before"}
        self.restored_by: tuple[str, int, dict[str, str]] | None = None

    def run(self, *argv: str, user: str = "", text: str = "", **options: object) -> str:
        super().run(*argv, text=text)
        if argv[0].endswith("bin/restore"):
            self.restored_by = (user, Path(argv[1]).stat().st_mode & 0o777, dict(options["environment"]))
            self.contents[DATABASE] = Path(argv[1]).read_text()
        elif renamed := re.match(r"ALTER DATABASE (\w+) RENAME TO (\w+)", text):
            assert renamed[2] not in self.contents  # PostgreSQL refuses it
            self.contents[renamed[2]] = self.contents.pop(renamed[1])
        elif dropped := re.match(r"DROP DATABASE IF EXISTS (\w+) WITH \(FORCE\)", text):
            self.contents.pop(dropped[1], None)
        elif created := re.match(r"CREATE DATABASE (\w+)", text):
            self.contents[created[1]] = ""
        return "\n".join(self.contents) if "FROM pg_database" in text else ""


@pytest.fixture
def settings(tmp_path: Path) -> HostSettings:
    return host_settings(tmp_path, SURFACES="submission")


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    file = tmp_path / "one.dump"
    file.write_text("backup")
    return file


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switch, "DRAIN_SECONDS", 0)
    monkeypatch.setattr(switch, "_SETTLE_SECONDS", 0)
    monkeypatch.setattr(switch, "readiness", lambda *_: "")


def host_of_backups(root: Path, at: str = "") -> HostWithDatabases:
    host = serving(root, at, HostWithDatabases)
    host.path(BACKUPS).mkdir(parents=True)
    return host


def test_a_backup_replaces_the_database_while_nothing_uses_it(
    tmp_path: Path, settings: HostSettings, backup: Path
) -> None:
    host = host_of_backups(tmp_path)
    settings_of_owner = {"service": "PROXY=p", "secrets/submission": "SEALING_KEYS=k", "processes/owner": "REDIS_URL=r"}
    for file, line in settings_of_owner.items():
        host.write(f"{ETC}/{file}.env", f"{line}\n")
    restore.restore(host, settings, backup)
    (aside,) = host.contents.keys() - {DATABASE}
    assert host.contents == {DATABASE: "backup", aside: "before"}
    user, mode, values = host.restored_by
    assert (user, mode) == (OWNER_USER, 0o600)
    assert {f"{name}={value}" for name, value in values.items()} >= {*settings_of_owner.values()}
    assert "/current/.venv/bin:" in values["PATH"]
    steps = (f"stop {WEB} {WORKERS}", "RENAME TO", "bin/restore", "GRANT CONNECT", f"start {WEB}", f"restart {WORKERS}")
    places = [next(place for place, line in enumerate(host.commands) if step in line) for step in steps]
    assert places == sorted(places)
    assert f"chown {OWNER_USER} {host.path(BACKUPS)}/.restore-" in "\n".join(host.commands[: places[0]])
    assert list(host.path(BACKUPS).iterdir()) == []  # no copy in clear text


@pytest.mark.parametrize("at", ["systemctl stop ", "RENAME TO", "CREATE DATABASE", "bin/restore", "GRANT CONNECT"])
def test_a_restore_that_is_interrupted_leaves_the_database_before_it_serving(
    at: str, tmp_path: Path, settings: HostSettings, backup: Path
) -> None:
    host = host_of_backups(tmp_path, at)
    with pytest.raises(KeyboardInterrupt):
        restore.restore(host, settings, backup)
    assert host.contents == {DATABASE: "before"}
    assert host.commands[-2:] == [f"systemctl start {WEB}", f"systemctl restart {WORKERS}"]
    assert list(host.path(BACKUPS).iterdir()) == []


def test_a_backup_that_cannot_be_opened_stops_nothing(
    tmp_path: Path, settings: HostSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decrypt(*_: object) -> None:
        raise SystemExit("cannot be decrypted")

    host = host_of_backups(tmp_path)
    monkeypatch.setattr(restore, "decrypt", decrypt)
    with pytest.raises(HostError, match="no such file"):
        restore.restore(host, settings, tmp_path / "missing.dump.age")
    (tmp_path / "one.dump.age").touch()
    with pytest.raises(SystemExit):
        restore.restore(host, settings, tmp_path / "one.dump.age")
    assert (host.commands, list(host.path(BACKUPS).iterdir())) == ([], [])


def test_a_restore_names_the_database_before_it_also_if_the_service_is_not_ready(
    tmp_path: Path,
    settings: HostSettings,
    backup: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(switch, "READY_SECONDS", 0)
    monkeypatch.setattr(switch, "readiness", lambda *_: "redis is down")
    with pytest.raises(HostError, match="redis is down"):
        restore.restore(host_of_backups(tmp_path), settings, backup)
    assert "dropdb exposure_alert_2" in capsys.readouterr().out
