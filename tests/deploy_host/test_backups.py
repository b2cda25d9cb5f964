"""Encrypted backups, and the weekly rehearsal of the restore, with the programs of a host and real databases."""

import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, TCPServer
from threading import Thread
from typing import ClassVar
from unittest.mock import MagicMock

import pytest

from deploy.host import alarms, backup, doctor, rehearsal
from deploy.host.backup import COUNTS, SUFFIX
from deploy.host.rehearsal import RESULT, missing_rows
from processes.ports import LOOPBACK
from tests.deploy_host.hosts import ROOT, environment
from tests.support.programs import require_program
from tests.support.roles import run_as_owner
from tests.support.service import Service, exposure_key
from tests.support.settings import SECRETS
from tests.support.smtp import mail_server
from tests.support.stored import store_key
from tests.support.torture import only_in_torture

DAY_SECONDS = 86_400


@pytest.fixture
def used(service: Service) -> Service:
    """A service with a code, an upload, and a key that a restore deletes because it is too old."""
    service.clock.runs = True
    service.issue()
    key = exposure_key(1, rolling_start_interval_number=(service.today - 2) * 144)
    assert service.upload(service.pair(), [key], seconds=int(time.time())).status_code == 200
    store_key(service, 99, hour_of_submission=(int(time.time()) // DAY_SECONDS - 16) * 24)
    return service


@pytest.fixture
def scratch_url(database_url: str) -> Iterator[str]:
    """The URL of an empty scratch database."""
    run_as_owner(database_url, "CREATE DATABASE rehearsal")
    yield database_url.rpartition("/")[0] + "/rehearsal"
    run_as_owner(database_url, "DROP DATABASE rehearsal WITH (FORCE)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for backups, beside a key pair of age."""
    require_program("age")
    made = subprocess.run(["age-keygen"], capture_output=True, text=True, check=True).stdout
    (tmp_path / "key").write_text(made)
    public = subprocess.run(["age-keygen", "-y", tmp_path / "key"], capture_output=True, text=True, check=True).stdout
    (tmp_path / "recipients").write_text(public)
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups"


def run(module: str, url: str, *arguments: Path) -> "subprocess.CompletedProcess[str]":
    """Run a module as its unit does, with the settings of submission."""
    values = environment(SECRETS | {"DATABASE_URL": url, "REDIS_URL": "redis://127.0.0.1:1"})
    command = [sys.executable, "-m", f"deploy.host.{module}", *arguments]
    return subprocess.run(command, cwd=ROOT, env=values, capture_output=True, text=True, timeout=200)


def make_backup(service: Service, folder: Path) -> Path:
    url = service.settings.database_url.replace("+psycopg2", "")
    done = run("backup", url, folder, folder.parent / "recipients")
    assert done.returncode == 0, done.stderr
    (file,) = folder.glob(f"*{SUFFIX}")
    return file


def rehearse(url: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return run("rehearsal", url, folder, folder.parent / "key")


@only_in_torture
def test_a_backup_is_encrypted_and_a_rehearsal_restores_it_unless_it_lacks_rows(
    used: Service, folder: Path, scratch_url: str
) -> None:
    file = make_backup(used, folder)
    assert file.read_bytes().startswith(b"age-encryption.org/v1\n")
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [file.name, file.name.replace(SUFFIX, COUNTS)]
    )  # and no file in clear text
    counts = json.loads(file.with_name(file.name.replace(SUFFIX, COUNTS)).read_text())
    assert (counts["diagnosis_keys"], counts["encryption_keys"]) == (2, 2)

    done = rehearse(scratch_url, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((folder / RESULT).read_text())
    assert result["rows"]["diagnosis_keys"] == 1  # the other was purged
    assert result["backup"] == file.name
    assert doctor.old_rehearsal(folder, time.time()) == doctor.old_backup(folder, time.time()) == ""
    assert [path.name for path in folder.iterdir() if path.name.endswith(".dump")] == []

    # Another rehearsal finds the scratch database empty again, and notices that the backup lacks rows.
    (folder / RESULT).unlink()
    (folder / file.name.replace(SUFFIX, COUNTS)).write_text(json.dumps(counts | {"diagnosis_keys": 50}))
    done = rehearse(scratch_url, folder)
    lacking = f"{file.name} lacks rows: diagnosis_keys: 2 of 50"
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, lacking)
    assert not (folder / RESULT).exists()


def test_a_rehearsal_without_the_right_key_fails(used: Service, folder: Path, scratch_url: str) -> None:
    make_backup(used, folder)
    other = subprocess.run(["age-keygen"], capture_output=True, text=True, check=True).stdout
    (folder.parent / "key").write_text(other)
    done = rehearse(scratch_url, folder)
    assert done.returncode == 1
    assert "cannot be decrypted" in done.stderr
    assert not (folder / RESULT).exists()


def test_a_rehearsal_of_a_damaged_or_old_backup_fails(used: Service, folder: Path, scratch_url: str) -> None:
    assert "there is no backup" in rehearse(scratch_url, folder).stderr
    file = make_backup(used, folder)
    content = file.read_bytes()
    file.write_bytes(content[:-500])
    assert "cannot be decrypted" in rehearse(scratch_url, folder).stderr
    file.write_bytes(content)
    os.utime(file, (time.time() - 2 * DAY_SECONDS,) * 2)
    assert "older than a day" in rehearse(scratch_url, folder).stderr
    assert not (folder / RESULT).exists()


def test_rows_that_a_restore_purged_are_not_missing() -> None:
    output = "restored\ndiagnosis_keys\t40\nunclaimed_codes\t3\nreadable\t2\n"
    expected = {"diagnosis_keys": 100, "encryption_keys": 3, "events": 9}
    assert missing_rows(expected, {"diagnosis_keys": 55, "encryption_keys": 0, "events": 1}, output) == []
    lacking = missing_rows(expected, {"diagnosis_keys": 49, "encryption_keys": 0, "events": 0}, output)
    assert lacking == ["diagnosis_keys: 89 of 100", "events: 0 of 9"]


def test_old_backups_are_deleted_after_a_week_and_missing_ones_are_reported(tmp_path: Path) -> None:
    assert doctor.old_backup(tmp_path, time.time()).startswith("there is none")
    assert doctor.old_rehearsal(tmp_path, time.time()).startswith("there was none")
    now = datetime.now(UTC).timestamp()
    for days in (1, 6, 8):
        for suffix in (SUFFIX, COUNTS):
            file = tmp_path / f"2026-01-0{9 - days}T000000Z{suffix}"
            file.write_text("x")
            os.utime(file, (now - days * DAY_SECONDS,) * 2)
    (tmp_path / RESULT).write_text("{}")
    os.utime(tmp_path / RESULT, (now - 10 * DAY_SECONDS,) * 2)
    backup.delete_old(tmp_path, now)
    assert len(list(tmp_path.glob(f"*{SUFFIX}"))) == len(list(tmp_path.glob(f"*{COUNTS}"))) == 2
    assert doctor.old_backup(tmp_path, now) == "the newest is 24 hours old"
    assert doctor.old_rehearsal(tmp_path, now) == "the last was 10 days ago"
    assert rehearsal.newest(tmp_path).name.startswith("2026-01-08")


def test_a_backup_of_a_wrong_clock_does_not_hide_that_others_are_missing(tmp_path: Path) -> None:
    file, now = tmp_path / f"2038-01-19T000000Z{SUFFIX}", time.time()
    file.write_text("x")
    os.utime(file, (now + DAY_SECONDS,) * 2)
    assert "dated in the future" in doctor.old_backup(tmp_path, now)


class _Webhook(BaseHTTPRequestHandler):
    """Keeps what was posted."""

    posted: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        self.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def alarm(folder: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Send an alarm as systemd does."""
    file = folder / "alarms"
    file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    command = [sys.executable, "-m", "deploy.host.alarms", file, "exposure-alert-backup"]
    return subprocess.run(command, cwd=ROOT, env=environment({}), capture_output=True, text=True, timeout=120)


def test_an_alarm_reaches_a_webhook_and_a_mailbox(tmp_path: Path) -> None:
    server = HTTPServer((LOOPBACK, 0), _Webhook)
    Thread(target=server.serve_forever, daemon=True).start()
    webhook = f"http://{LOOPBACK}:{server.server_port}/"
    try:
        with mail_server() as mail:
            places = {"ALARM_EMAIL": "operator@example.org", "ALARM_MAIL_URL": mail.url, "ALARM_WEBHOOK": webhook}
            done = alarm(tmp_path, ALARM_HOST="submission.example.org", **places)
            assert done.returncode == 0, done.stdout + done.stderr
            (message,) = mail.messages
    finally:
        server.shutdown()
        server.server_close()
    (posted,) = _Webhook.posted
    assert json.loads(posted)["text"].startswith("submission.example.org: exposure-alert-backup failed.")
    assert message["To"] == "operator@example.org"
    assert "submission.example.org: exposure-alert-backup failed" in message["Subject"]


class _Broken(StreamRequestHandler):
    """Answers what is not HTTP."""

    def handle(self) -> None:
        self.rfile.readline()
        self.wfile.write(b"junk\r\n\r\n")


def test_an_alarm_reaches_the_mailbox_also_if_the_webhook_is_broken(tmp_path: Path) -> None:
    with TCPServer((LOOPBACK, 0), _Broken) as server, mail_server() as mail:
        Thread(target=server.serve_forever, daemon=True).start()
        places = {"ALARM_EMAIL": "operator@example.org", "ALARM_MAIL_URL": mail.url}
        done = alarm(tmp_path, ALARM_WEBHOOK=f"http://{LOOPBACK}:{server.server_address[1]}/", **places)
        server.shutdown()
        assert (done.returncode, len(mail.messages)) == (0, 1), done.stderr


def test_an_alarm_that_reaches_nobody_fails(tmp_path: Path) -> None:
    done = alarm(tmp_path, ALARM_WEBHOOK=f"http://{LOOPBACK}:1/")
    assert done.returncode == 1
    assert "not delivered" in done.stdout


@pytest.mark.parametrize(("scheme", "port"), [("smtp", 587), ("smtps", 465)])
def test_an_alarm_and_its_password_go_to_the_server_of_the_certificate_alone(
    scheme: str, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = MagicMock()
    monkeypatch.setattr(alarms.smtplib, "SMTP" if scheme == "smtp" else "SMTP_SSL", connect)
    places = {"ALARM_EMAIL": "a@example.org", "ALARM_MAIL_URL": f"{scheme}://user:p%40ss@mail.example.org"}
    alarms.send_mail(places, "a unit failed")
    assert connect.call_args.args == ("mail.example.org", port)
    server = connect.return_value
    called = [name for name, *_ in server.method_calls]
    assert called == [*(["starttls"] if scheme == "smtp" else []), "login", "send_message"]
    assert server.login.call_args.args == ("user", "p@ss")
    context = (server.starttls if scheme == "smtp" else connect).call_args.kwargs["context"]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_an_alarm_is_not_posted_in_clear_text(monkeypatch: pytest.MonkeyPatch) -> None:
    request = MagicMock()
    monkeypatch.setattr(alarms.urllib.request, "urlopen", request)
    alarms.post({"ALARM_WEBHOOK": "https://alarms.example.org/"}, "a unit failed")
    with pytest.raises(ValueError, match="does not start with https://"):
        alarms.post({"ALARM_WEBHOOK": "http://alarms.example.org/"}, "a unit failed")
    assert request.call_count == 1
