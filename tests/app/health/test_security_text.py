"""`/.well-known/security.txt`: the contact for vulnerabilities (RFC 9116)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.config import ConfigurationError
from tests.support.service import Service
from tests.support.settings import make_settings

PATH = "/.well-known/security.txt"


def test_security_txt_has_contact_expiry_languages_and_policy(make_service: Callable[..., Service]) -> None:
    service = make_service(
        SECURITY_CONTACT="mailto:security@example.org", SECURITY_POLICY="https://example.org/SECURITY.md"
    )
    answer = service.client.get(PATH)
    assert (answer.status_code, answer.content_type) == (200, "text/plain; charset=utf-8")
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    expires = datetime.strptime(fields.pop("Expires"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(days=90) < expires - service.clock() < timedelta(days=365)
    assert fields == {
        "Contact": "mailto:security@example.org",
        "Preferred-Languages": "en, fr",
        "Policy": "https://example.org/SECURITY.md",
    }


def test_security_txt_omits_a_missing_policy(make_service: Callable[..., Service]) -> None:
    assert "Policy" not in make_service(SECURITY_CONTACT="tel:+1-555-0100").client.get(PATH).text


def test_security_txt_is_not_found_without_a_contact(service: Service) -> None:
    answer = service.client.get(PATH)
    assert (answer.status_code, answer.text) == (404, "404 page not found\n")


@pytest.mark.parametrize("contact", ["security@example.org", "mailto:", "https://a b", "mailto:a@b\nPolicy: x"])
def test_an_unusable_contact_prevents_the_start(contact: str) -> None:
    with pytest.raises(ConfigurationError, match="SECURITY_CONTACT"):
        make_settings("postgresql://nobody@127.0.0.1/none", "redis://127.0.0.1:1/0", SECURITY_CONTACT=contact)
