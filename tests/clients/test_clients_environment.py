"""The variables of a service that runs on this machine."""

import subprocess

from clients import environment
from clients.phone.archive import load_public_key
from tests.support.settings import HMAC_KEY, SECRETS, TOKEN

NAMES = ["SUBMISSION_URL", "RETRIEVAL_URL", "KEY_CLAIM_TOKEN", "RETRIEVE_HMAC_KEY", "EXPORT_PUBLIC_KEY"]


def test_a_shell_takes_over_the_variables(tmp_path, capsys, monkeypatch):
    for name in SECRETS:
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "secrets.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in SECRETS.items()))

    assert environment.main([str(file), "--url", "http://127.0.0.1:9000"]) == 0

    script = capsys.readouterr().out + "".join(f'echo "${name}"\n' for name in NAMES)
    shown = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.splitlines()
    assert shown[:4] == ["http://127.0.0.1:9000", "http://127.0.0.1:9000", TOKEN, HMAC_KEY]
    assert load_public_key(shown[4]).curve.name == "secp256r1"


def test_the_private_key_is_not_shown(tmp_path, capsys):
    shown = environment.clients_environment(SECRETS, "http://127.0.0.1")

    assert list(shown) == NAMES
    assert not any(SECRETS["ECDSA_KEY"] in value for value in shown.values())


def test_a_service_that_was_never_started_is_said_so(tmp_path, capsys):
    assert environment.main([str(tmp_path / "secrets.env")]) == 1
    assert "`python -m local` makes it" in capsys.readouterr().err
