"""The variables of a service that runs on this machine."""

import shlex
import subprocess

import pytest

from clients import environment
from clients.phone.archive import load_public_key
from tests.support.settings import HMAC_KEY, SECRETS, TOKEN

NAMES = ["SUBMISSION_URL", "RETRIEVAL_URL", "KEY_CLAIM_TOKEN", "RETRIEVE_HMAC_KEY", "EXPORT_PUBLIC_KEY"]


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    for name in (*SECRETS, "PORT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def file(tmp_path):
    """A settings file as `make run` writes it."""
    path = tmp_path / "settings.env"
    path.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in SECRETS.items()))
    return path


def printed(capsys):
    return dict(line.removeprefix("export ").split("=", 1) for line in capsys.readouterr().out.splitlines())


def test_a_shell_can_evaluate_the_variables(file, capsys):
    assert environment.main([str(file), "--url", "http://127.0.0.1:9000"]) == 0

    script = capsys.readouterr().out + "".join(f'echo "${name}"\n' for name in NAMES)
    shown = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.splitlines()
    assert shown[:4] == ["http://127.0.0.1:9000", "http://127.0.0.1:9000", TOKEN, HMAC_KEY]
    assert load_public_key(shown[4]).curve.name == "secp256r1"


def test_the_address_is_where_the_running_service_answers(file, capsys, monkeypatch):
    monkeypatch.setenv("PORT", "8002")  # of another program, perhaps
    with file.open("a") as settings:
        settings.write("SERVICE_URL=http://127.0.0.1:8006\nPORT=8007\n")

    assert environment.main([str(file)]) == 0

    assert printed(capsys)["SUBMISSION_URL"] == "http://127.0.0.1:8006"


@pytest.mark.parametrize(
    ("line", "port", "url"),
    [
        ("PORT=8007\n", "8002", "http://127.0.0.1:8007"),
        ("", "8002", "http://127.0.0.1:8002"),
        ("", "", "http://127.0.0.1:8001"),
    ],
)
def test_without_an_address_in_the_file_the_port_counts(file, capsys, monkeypatch, line, port, url):
    monkeypatch.setenv("PORT", port)
    with file.open("a") as settings:
        settings.write(line)

    assert environment.main([str(file)]) == 0

    assert printed(capsys)["RETRIEVAL_URL"] == url


def test_a_secret_of_the_environment_wins_over_the_file(file, capsys, monkeypatch):
    monkeypatch.setenv("RETRIEVE_HMAC_KEY", "bb" * 32)

    assert environment.main([str(file)]) == 0

    assert printed(capsys)["RETRIEVE_HMAC_KEY"] == "bb" * 32


def test_the_private_key_is_not_shown():
    shown = environment.clients_environment(SECRETS, "http://127.0.0.1")

    assert list(shown) == NAMES
    assert not any(SECRETS["ECDSA_KEY"] in value for value in shown.values())


def test_a_service_that_was_never_started_is_explained(tmp_path, capsys):
    assert environment.main([str(tmp_path / "settings.env")]) == 1

    assert capsys.readouterr().err == f"{tmp_path}/settings.env: does not exist; `make run` writes it\n"


def test_a_secret_that_is_missing_is_named(tmp_path, capsys):
    (tmp_path / "settings.env").write_text("KEY_CLAIM_TOKEN=token\n")

    assert environment.main([str(tmp_path / "settings.env")]) == 1

    assert capsys.readouterr().err == f"{tmp_path}/settings.env: has no ECDSA_KEY\n"


def test_a_setting_of_several_lines_does_not_hide_the_others(file, capsys):
    with file.open("a") as settings:
        settings.write("FIRST='one\ntwo=2'\nSERVICE_URL=http://127.0.0.1:8006\n")

    assert environment.main([str(file)]) == 0

    assert printed(capsys)["SUBMISSION_URL"] == "http://127.0.0.1:8006"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"PORT='80", "settings.env: No closing quotation"),
        (b"PORT=\xff\n", "settings.env: 'utf-8' codec can't decode"),
        (b"ECDSA_KEY=zz\n", "ECDSA_KEY is not a private key in hexadecimal"),
    ],
)
def test_what_is_wrong_with_the_file_is_named(file, capsys, line, reason):
    with file.open("ab") as settings:
        settings.write(line)

    assert environment.main([str(file)]) == 1

    assert reason in capsys.readouterr().err
