"""Settings of status: time zones, folders and addresses of e-mail (app/config/status.py)."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.config import ConfigurationError, Settings, StatusSettings

STATUS = {
    "SURFACES": "status",
    "DATABASE_URL": "postgres://host/name",
    "REDIS_URL": "redis://host",
    "MAIL_URL": "smtp://mail.example.org",
}


def read(**changes: str) -> StatusSettings:
    return Settings.from_environment(STATUS | changes).status


def test_values_are_read_as_what_they_name() -> None:
    settings = read(
        STATUS_FOLDER="/srv/status",
        STATUS_TIME_ZONE="America/St_Johns",
        NOTICE_EMAILS="ada@health.example, grace@health.example",
        STATUS_NAME_FR="Alerte Exposition",
    )
    assert settings.status_folder == Path("/srv/status")
    assert settings.status_time_zone == ZoneInfo("America/St_Johns")
    assert settings.notice_emails == ("ada@health.example", "grace@health.example")
    assert settings.digest_emails == ()
    assert settings.status_names == {"en": "Exposure Alert", "fr": "Alerte Exposition"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STATUS_FOLDER", "status"),
        ("STATUS_TIME_ZONE", "America/Atlantis"),
        ("STATUS_TIME_ZONE", "../America/Toronto"),
        ("STATUS_TIME_ZONE", "a" * 300),  # longer than the name of a file may be
        ("STATUS_PARTS", "everything"),
        ("NOTICE_EMAILS", "ada@health.example,"),
        ("NOTICE_EMAILS", "Ada <ada@health.example>"),
        ("DIGEST_EMAILS", "ada@health@example"),
        ("DIGEST_HOUR", "24"),
        ("NOTICE_WEBHOOK_KEY", "ff" * 31),
    ],
)
def test_a_malformed_value_stops_the_start_with_one_line_that_names_it(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(**{name: value})
    assert str(caught.value).startswith(f"{name}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"NOTICE_EMAILS": "ada@health.example", "MAIL_URL": ""}, "MAIL_URL: required with NOTICE_EMAILS"),
        ({"DIGEST_EMAILS": "ada@health.example", "MAIL_URL": ""}, "MAIL_URL: required with DIGEST_EMAILS"),
        ({"NOTICE_WEBHOOK_URL": "https://notices.example"}, "NOTICE_WEBHOOK_KEY: required with NOTICE_WEBHOOK_URL"),
    ],
)
def test_a_setting_without_another_that_it_needs_stops_the_start(changes: dict[str, str], problem: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{problem}$"):
        read(**changes)
