"""Settings of the portal: the key of posters, text messages and domains (app/config/portal.py)."""

from base64 import b64encode

import pytest

from app.config import ConfigurationError, PortalSettings, Settings
from tests.app.config.test_settings import COMPLETE

SEED = bytes(range(32))
IN_BASE64 = b64encode(SEED).decode()


def read(**changes: str) -> PortalSettings:
    return Settings.from_environment(COMPLETE | {"SURFACES": "submission,portal"} | changes).portal


@pytest.mark.parametrize("raw", [SEED.hex(), SEED.hex().upper(), IN_BASE64])
def test_the_key_of_posters_is_in_hexadecimal_digits_or_base64(raw: str) -> None:
    assert read(QR_SIGNATURE_KEY=raw).qr_signature_key == SEED


@pytest.mark.parametrize(
    "raw", ["zz" * 32, IN_BASE64[:-2], f"!{IN_BASE64}", b64encode(SEED + b"\0").decode(), "00" * 33]
)
def test_another_key_of_posters_is_refused(raw: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^QR_SIGNATURE_KEY: is neither 64 hexadecimal digits nor the base64"):
        read(QR_SIGNATURE_KEY=raw)


def test_messages_are_kept_on_a_page_unless_an_address_is_set() -> None:
    settings = read(TEXT_MESSAGE_URL="outbox")
    assert (settings.text_message_url, settings.keeps_text_messages, settings.keeps_email) == ("outbox", True, True)
    sending = {"TEXT_MESSAGE_URL": "https://texts.example.org", "TEXT_MESSAGE_TOKEN": "t" * 8}
    settings = read(**sending, MAIL_URL="smtps://mail.example.org", PORTAL_URL="https://portal.example.org")
    assert (settings.keeps_text_messages, settings.keeps_email) == (False, False)


def test_any_domain_may_be_invited_or_those_that_are_named() -> None:
    assert read(PORTAL_MAIL_DOMAINS="*").portal_mail_domains == ("*",)
    assert read(PORTAL_MAIL_DOMAINS="Health.example, b.example").portal_mail_domains == ("health.example", "b.example")


@pytest.mark.parametrize(
    ("address", "is_secure"), [("https://portal.example.org", True), ("http://127.0.0.1:8000", False), ("", False)]
)
def test_the_cookie_is_sent_over_https_only_if_the_portal_uses_it(address: str, is_secure: bool) -> None:
    assert read(PORTAL_URL=address).session_cookie_is_secure is is_secure


PRODUCTION = {"ENV": "production", "PORTAL_URL": "https://portal.example.org", "MAIL_URL": "smtp://mail.example.org"}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"PORTAL_URL": ""}, "PORTAL_URL: must start with https:// in production"),
        ({"PORTAL_URL": "http://portal.example.org"}, "PORTAL_URL: must start with https:// in production"),
        ({"MAIL_URL": ""}, "MAIL_URL: required in production"),
        ({"TEXT_MESSAGE_URL": "outbox"}, "TEXT_MESSAGE_URL: must not be `outbox` in production"),
        ({"SURFACES": "portal"}, "SUBMISSION_URL: required where the portal is served without submission"),
    ],
)
def test_production_refuses_what_only_demonstrations_may_do(changes: dict[str, str], named: str) -> None:
    assert read(**PRODUCTION).session_cookie_is_secure
    with pytest.raises(ConfigurationError, match=f"^{named}$"):
        read(**PRODUCTION | changes)
