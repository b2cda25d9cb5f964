"""The command line before there are settings, as a process of its own."""

import pytest

from tests.support.command_line import flask


def test_the_first_secrets_are_made_without_any() -> None:
    result = flask("secrets", "make", "SECRET_KEY")
    assert result.returncode == 0
    assert result.stdout.startswith("SECRET_KEY=")


@pytest.mark.parametrize("words", [("counts",), ("db", "upgrade"), ("objectives", "show")])
def test_any_other_command_names_the_first_missing_setting_in_one_line(words: tuple[str, ...]) -> None:
    result = flask(*words)
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "Error: DATABASE_URL: missing. PostgreSQL, as `postgresql://` or `postgres://`."
    ]
