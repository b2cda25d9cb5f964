"""The settings of the service that runs, as `bin/flask` reads them (local/settings.py)."""

import subprocess

import pytest

from local.settings import settings_file

URL = "http://127.0.0.1:8001"


def test_every_setting_of_the_application_is_kept_and_nothing_else() -> None:
    environment = {
        "ONE_TIME_CODE_EXPIRY_MINUTES": "5",
        "SECRET_KEY": "ab",
        "HEROKU_BRANCH": "topic",  # read where BRANCH is not set
        "PATH": "/usr/bin",
        "AWS_SECRET_ACCESS_KEY": "not ours",
    }
    assert settings_file(environment, URL) == (
        "HEROKU_BRANCH=topic\nONE_TIME_CODE_EXPIRY_MINUTES=5\nSECRET_KEY=ab\nSERVICE_URL=http://127.0.0.1:8001\n"
    )


@pytest.mark.parametrize("value", ["two words", "'", '"$HOME"', "a;b", ""])
def test_a_shell_reads_every_value_unchanged(value: str) -> None:
    text = settings_file({"BRANCH": value}, URL)
    done = subprocess.run(["bash", "-c", f'{text}printf %s "$BRANCH"'], capture_output=True, text=True, check=True)
    assert done.stdout == value
