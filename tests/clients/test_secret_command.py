"""`python -m clients.secret` against a service as deployed."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.secret import envelope
from clients.secret.__main__ import main
from clients.secret.content import TEXT as TEXT_KIND
from clients.secret.content import Content
from clients.secret.envelope import Choices
from clients.secret.errors import AnswerError, TemporaryError
from clients.secret.service import SharingService
from tests.clients.scripted import DROP, Reply, scripted
from tests.guards.source import ROOT
from tests.support.settings import SECRETS
from tests.support.waiting import wait_until
from tests.support.web import web_process

TOKEN = "a-token-of-the-team-000001"
TEXT = "le mot de passe « 1 »"


@pytest.fixture(scope="module")
def url(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service that only holders of a token may share with."""
    own = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "SURFACES": "sharing"}
    log = tmp_path_factory.mktemp("secret") / "web.log"
    with web_process(SECRETS | own | {"SHARING_TOKENS": f"{TOKEN}=team"}, log) as web:
        yield f"http://127.0.0.1:{web.port}"


@pytest.fixture
def run(url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run a command with text on standard input, and return its exit status, output and errors."""
    monkeypatch.setenv("SHARING_URL", url)
    monkeypatch.setenv("SHARING_TOKEN", TOKEN)

    def call(*arguments: str, given: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given.encode()), encoding="utf-8"))
        status = main(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def values(output: str) -> dict[str, str]:
    return dict(re.findall(r"^(\w+): (.*)$", output, flags=re.MULTILINE))


def test_a_text_is_shared_and_read_once(run) -> None:
    shared = values(run("share", given=f"{TEXT}\n")[1])
    assert values(run("status", shared["receipt"])[1])["outcome"] == "waiting"
    assert run("read", "-", given=shared["link"] + "\n")[:2] == (0, f"{TEXT}\n")
    assert values(run("status", shared["receipt"])[1])["outcome"] == "read"
    assert run("read", shared["link"]) == (
        1,
        "",
        "there is nothing to read: it was read, has expired, was withdrawn, or never existed\n",
    )


def test_a_file_with_a_passphrase(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARING_PASSPHRASE", "phrase à dire")
    (tmp_path / "key.pem").write_bytes(bytes(1000))
    shared = values(run("share", "--file", str(tmp_path / "key.pem"), "--passphrase", "--lifetime", "5m")[1])
    assert "#p1." in shared["link"]
    monkeypatch.chdir(tmp_path)
    assert run("read", shared["link"], "--output", "copy.pem")[0] == 0
    assert (tmp_path / "copy.pem").read_bytes() == bytes(1000)


def test_a_file_that_exists_is_not_replaced(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key.pem").write_bytes(b"old")
    (tmp_path / "sent").mkdir()
    (tmp_path / "sent" / "key.pem").write_bytes(b"new")
    shared = values(run("share", "--file", str(tmp_path / "sent" / "key.pem"))[1])
    monkeypatch.chdir(tmp_path)
    assert run("read", shared["link"], "--output", "key.pem") == (1, "", "key.pem: exists, and is not replaced\n")
    assert run("read", shared["link"])[0] == 0  # nothing was read before
    assert (tmp_path / "key.pem").read_bytes() == b"old"
    assert (tmp_path / "key-2.pem").read_bytes() == b"new"


def test_a_file_that_cannot_be_made_leaves_the_secret_with_the_service(run, tmp_path: Path) -> None:
    shared = values(run("share", given=TEXT)[1])
    missing = str(tmp_path / "missing" / "file")
    assert run("read", shared["link"], "--output", missing) == (1, "", f"{missing}: the folder cannot be written\n")
    assert run("read", shared["link"])[1] == f"{TEXT}\n"


def test_what_was_read_is_kept_when_its_file_cannot_be_made(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key.pem").write_bytes(b"old")
    shared = values(run("share", "--file", str(tmp_path / "key.pem"))[1])
    monkeypatch.setattr("clients.secret.__main__._free_path", lambda _: tmp_path / "key.pem")  # made by another since
    status, output, errors = run("read", shared["link"])
    assert (status, errors) == (0, f"{tmp_path / 'key.pem'}: File exists\n")
    kept = Path(output.partition(":")[0])
    assert (kept.read_bytes(), kept.stat().st_mode & 0o777) == (b"old", 0o600)
    kept.unlink()


def test_a_file_that_was_read_is_for_its_owner_alone(run, tmp_path: Path) -> None:
    shared = values(run("share", given=TEXT)[1])
    assert run("read", shared["link"], "--output", str(tmp_path / "text"))[0] == 0
    assert (tmp_path / "text").stat().st_mode & 0o777 == 0o600


def test_a_wrong_passphrase_of_the_environment_is_asked_for(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARING_PASSPHRASE", "right")
    shared = values(run("share", "--passphrase", given=TEXT)[1])
    monkeypatch.setenv("SHARING_PASSPHRASE", "wrong")
    monkeypatch.setattr("clients.secret.__main__._can_ask", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda _: "right")
    assert run("read", shared["link"]) == (0, f"{TEXT}\n", "The passphrase is wrong. Nothing is lost: try again.\n")


def test_a_request_outlasts_a_service_that_does_not_answer_for_a_while(run, monkeypatch: pytest.MonkeyPatch) -> None:
    own = envelope.new_key_pair()
    answer = envelope.seal_for(Content(TEXT_KIND, "", TEXT.encode()), own.public_key(), Choices(300))
    answers = iter([TemporaryError("the service did not answer"), None, answer])

    def read(*_: object) -> bytes | None:
        given = next(answers)
        if isinstance(given, TemporaryError):
            raise given
        return given

    monkeypatch.setattr(envelope, "new_key_pair", lambda: own)
    monkeypatch.setattr(SharingService, "read", read)
    status, output, errors = run("request", "--interval", "0")
    assert (status, output.splitlines()[-1], errors) == (0, TEXT, "")


@pytest.mark.parametrize("fault", [DROP, Reply(429), Reply(500), Reply(503)], ids=str)
def test_what_passes_is_told_from_what_stays(fault: Reply | None) -> None:
    with scripted(fault, Reply(404)) as server:
        service = SharingService(server.url)
        with pytest.raises(TemporaryError):
            service.read(bytes(32))
        with pytest.raises(AnswerError) as caught:
            service.read(bytes(32))
    assert not isinstance(caught.value, TemporaryError)


def test_a_secret_is_withdrawn(run) -> None:
    shared = values(run("share", given=TEXT)[1])
    assert values(run("withdraw", shared["receipt"])[1])["outcome"] == "withdrawn"
    assert run("read", shared["link"])[0] == 1


def test_a_request_waits_for_its_answer(run, url: str, tmp_path: Path) -> None:
    output = tmp_path / "output"
    with output.open("w") as out:
        receiver = subprocess.Popen(
            [sys.executable, "-m", "clients.secret", "request", "--interval", "0.2"],
            cwd=ROOT,
            env=os.environ | {"SHARING_URL": url, "SHARING_TOKEN": TOKEN},
            stdout=out,
        )
    try:
        wait_until(lambda: "expires: " in output.read_text(), "the request is stored")
        link = values(output.read_text())["link"]
        assert run("share", "--for", link, given=TEXT)[0] == 0
        assert receiver.wait(timeout=60) == 0
    finally:
        receiver.kill()
        receiver.wait()
    assert output.read_text().endswith(f"{TEXT}\n")
    assert run("share", "--for", link, given=TEXT)[2] == "the request was answered before, or has expired\n"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["read", "https://share.example/share/open#s1.AAAA"], "the link is incomplete"),
        (["read", "https://share.example/share/receipt#t1." + "A" * 43], "of another kind"),
        (["status", "s1." + "A" * 43], "the link is incomplete"),
        (["share", "--for", "https://share.example/share/answer#r1." + "A" * 43 + "." + "A" * 87], "was altered"),
        (["share", "--service", "share.example"], "must be the address of a service"),
        (["share", "--file", "/nowhere/at/all"], "No such file"),
        (["share", "--service", "http://127.0.0.1:1"], "did not answer"),
    ],
)
def test_mistakes_are_explained_in_one_line(run, arguments: list[str], error: str) -> None:
    status, output, errors = run(*arguments, given="x")
    assert (status, output, errors.count("\n")) == (1, "", 1)
    assert error in errors


def test_without_a_token_nothing_is_shared(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHARING_TOKEN")
    assert "set SHARING_TOKEN" in run("share", given=TEXT)[2]
