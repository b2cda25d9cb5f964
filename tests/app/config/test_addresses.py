"""Settings that are addresses: what no client could use is refused at the start, and not repeated."""

import pytest

from app.config.parsers import address, optional
from app.config.settings import setting_errors
from tests.app.config.test_settings import ALL, COMPLETE


@pytest.mark.parametrize("name", ["NOTICE_WEBHOOK_URL", "NOTICE_HEARTBEAT_URL", "TEXT_MESSAGE_URL"])
def test_a_refusal_does_not_repeat_an_address_that_works_as_a_password(name: str) -> None:
    given = {name: "htps://notices.example/c0ffee", "NOTICE_WEBHOOK_KEY": "ff" * 32, "TEXT_MESSAGE_TOKEN": "t" * 20}
    (message,) = setting_errors(COMPLETE | ALL | given)
    assert message.startswith(f"{name}: ")
    assert "c0ffee" not in message


@pytest.mark.parametrize(
    "raw",
    [
        "https://",
        "mailto:",
        "https:///path",
        "https://[example",
        "https://example:99999",
        "https://example:0",
        "https://example:x",
        "https://:443",
    ],
)
def test_an_address_without_a_host_that_can_be_read_is_refused(raw: str) -> None:
    with pytest.raises(ValueError, match=r"^does not start with https:// or mailto:, or names no host"):
        address("https://", "mailto:")(raw)


@pytest.mark.parametrize("raw", ["https://[::1]:8443/@team?a=b#c", "mailto:help@example.org", "https://example.org"])
def test_other_addresses_are_kept(raw: str) -> None:
    assert optional(address("https://", "mailto:"))(raw) == raw
