"""Properties that every setting has, whatever it means."""

from dataclasses import Field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import (
    ConfigurationError,
    PortalSettings,
    RetrievalSettings,
    Settings,
    SharingSettings,
    StatusSettings,
    SubmissionSettings,
)
from app.config.fields import declared, read_one
from app.config.parsers import ENVIRONMENTS
from app.config.review import ReviewSettings
from app.config.settings import describe_settings
from tests.app.config.test_settings import COMPLETE

FIELDS: dict[str, Field[Any]] = {
    each.name.upper(): each
    for settings_class in (
        SubmissionSettings,
        RetrievalSettings,
        PortalSettings,
        SharingSettings,
        StatusSettings,
        ReviewSettings,
    )
    for each in declared(settings_class)
}
# Values of settings whose default is empty.
VALUES = COMPLETE | {
    "BIND_ADDR": "127.0.0.1:8000",
    "PORT": "8000",
    "BRANCH": "main",
    "REVISION": "c0ffee",
    "ALLOWED_HOSTS": "dev.example",
    "METRICS_TOKEN": "m" * 32,
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
    "SECURITY_CONTACT": "mailto:security@example.org",
    "SECURITY_POLICY": "https://example.org/policy",
    "TEST_TOOLS_TOKEN": "t" * 20,
    "EXPOSURE_CONFIGURATION_PATH": "/folder",
    "REVIEW_APP_LOG": "/log",
    "PULL_REQUEST": "7",
    "APP_NAME": "app",
    "SOURCE_URL": "https://example.org/source",
    "PORTAL_URL": "https://portal.example.org",
    "SUBMISSION_URL": "https://submission.example.org",
    "MAIL_URL": "smtp://portal:password@mail.example.org",
    "QR_SIGNATURE_KEY": "ee" * 32,
    "PORTAL_TOKENS": f"{'t' * 20}=ON",
    "TEXT_MESSAGE_URL": "https://texts.example.org/messages",
    "TEXT_MESSAGE_TOKEN": "t" * 20,
    "SHARING_CREATORS": "portal,tokens",
    "SHARING_TOKENS": f"{'t' * 20}=team",
    "SHARING_URL": "https://share.example.org",
    "DOWNLOAD_FILES": "s3://downloads/archives",
    "STATUS_URL": "https://status.example.org",
    "STATUS_FOLDER": "/folder",
    "STATUS_SUPPORT_URL": "https://example.org/help",
    "PORTAL_SUPPORT_URL": "tel:+18005550199",
    "SHARING_SUPPORT_URL": "tel:+18005550199",
    "NOTICE_WEBHOOK_URL": "https://notices.example.org/exposure-alert",
    "NOTICE_WEBHOOK_KEY": "ff" * 32,
    "FIGURE_THRESHOLDS": "diagnosis_keys=90000/135000",
    "NOTICE_HEARTBEAT_URL": "https://watching.example.org/exposure-alert",
    "NOTICE_EMAILS": "on-call@health.example",
    "DIGEST_EMAILS": "team@health.example",
    "STATUS_NOTE_TOKENS": f"{'t' * 20}=hosting",
}
SECRET_NAMES = sorted(name for name in FIELDS if FIELDS[name].metadata["secret"])
WHITE_SPACE = st.text(" \t\n\r\v\f\u00a0\u2003\u3000", max_size=3)
QUOTATION_MARKS = st.sampled_from("\"'`")
CONTROL_CHARACTERS = st.characters(categories=["Cc"])


def value_of(name: str) -> str:
    return VALUES.get(name) or FIELDS[name].metadata["default"]


def read(name: str, raw: str) -> object:
    value = read_one(FIELDS[name], {name: raw})
    return value.private_numbers() if name == "ECDSA_KEY" else value


def refusal(name: str, raw: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(name, raw)
    return str(caught.value)


def error_of(name: str, raw: str) -> str:
    """Return the text of the refusal, or an empty text if the value is accepted."""
    try:
        read(name, raw)
    except ConfigurationError as error:
        return str(error)
    return ""


def test_every_setting_is_here() -> None:
    assert set(FIELDS) == {each.name for each in describe_settings()}
    assert [name for name in FIELDS if not value_of(name)] == [], "give these settings a value in VALUES"


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_a_usual_value_of_each_setting_is_accepted(name: str) -> None:
    assert read(name, value_of(name)) is not None


@given(st.sampled_from(sorted(FIELDS)), WHITE_SPACE, WHITE_SPACE, QUOTATION_MARKS, CONTROL_CHARACTERS)
def test_a_value_is_read_as_it_was_meant_or_refused(
    name: str, before: str, after: str, mark: str, control: str
) -> None:
    value = value_of(name)
    assert read(name, before + value + after) == read(name, value)
    for spoilt in (before + mark + value + mark + after, before + value + control + value + after):
        message = refusal(name, spoilt)
        assert message.startswith(f"{name}: ")
        assert message.isprintable(), "one line"
        assert not (FIELDS[name].metadata["secret"] and value in message)


@given(st.sampled_from(SECRET_NAMES), st.text("☃:=,;", min_size=1))
def test_no_refusal_repeats_a_secret(name: str, ending: str) -> None:
    value = value_of(name)
    for raw in (ending + value, value + ending, value[:30] + ending):
        message = error_of(name, raw)
        assert value[:20] not in message
        assert "☃" not in message


@given(st.sampled_from(ENVIRONMENTS), st.lists(st.booleans(), min_size=11, max_size=11), WHITE_SPACE)
def test_the_kind_of_deployment_is_known_in_any_case(env: str, capitals: list[bool], around: str) -> None:
    written = "".join(letter.upper() if capital else letter for letter, capital in zip(env, capitals, strict=False))
    assert Settings.from_environment(COMPLETE | {"ENV": around + written + around}).env == env
