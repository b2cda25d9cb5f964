"""The pages on privacy and accessibility: for everyone, without scripts, with the numbers that really apply."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from app.domain import sharing as rules
from app.domain.portal import retention
from app.web.pages import STATIC_FOLDER
from tests.app.portal.accounts.test_password_links import counting
from tests.app.sharing.test_pages import PAGES
from tests.support.portal import person
from tests.support.service import Service

PATHS = ["/share/privacy", "/share/accessibility"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_they_are_strict_and_have_no_scripts(sharing: Service, language: str, path: str) -> None:
    response = sharing.client.get(f"{path}/{language}")
    assert response.status_code == 200
    assert response.headers["Content-Language"] == f"{language}-CA"
    assert response.headers["Cache-Control"] == "no-store"
    assert "form-action 'none'" in response.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in response.headers
    assert not re.search(r"<script|<noscript| (?:style|on\w+)=|data-state", response.text)
    assert len(re.findall(r'<link rel="stylesheet" href="[^"]+" integrity="sha384-[^"]+">', response.text)) == 5
    assert f'href="{path}/{ {"en": "fr", "fr": "en"}[language] }"' in response.text


def test_each_page_links_to_them(sharing: Service) -> None:
    for page in [*PAGES, *PATHS]:
        footer = sharing.client.get(f"{page}/fr").text.partition("<footer")[2]
        assert re.findall(r'href="(/share/\w+)/fr"', footer) == PATHS, page
    assert '<a href="/share/privacy/fr" aria-current="page">' in sharing.client.get("/share/privacy/fr").text


def test_a_link_without_a_language_leads_to_the_readers(sharing: Service) -> None:
    response = sharing.client.get("/share/privacy", headers={"Accept-Language": "fr-CA"})
    assert (response.status_code, response.headers["Location"]) == (302, "/share/privacy/fr")


def test_they_cost_no_query_even_with_a_session_of_the_portal(make_service: Callable[..., Service]) -> None:
    served = make_service(SURFACES="submission,portal,sharing")
    someone = person(served)
    assert "Share a secret" in someone.get("/share/en").text
    with counting(served) as statements:
        assert [someone.get(f"{path}/en").status_code for path in PATHS] == [200, 200]
        assert statements == []
        assert "Set-Cookie" not in someone.get("/share/en").headers
        assert statements != []


def test_privacy_has_the_times_after_which_rows_are_deleted(sharing: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    text = sharing.client.get("/share/privacy/en").text
    assert "that the sender chose, 7 days at most" in text
    assert "7 days after the expiry of the secret" in text
    monkeypatch.setattr(rules, "MAX_LIFETIME", timedelta(days=8))
    monkeypatch.setattr(rules, "RECEIPT_RETENTION", timedelta(days=9))
    text = sharing.client.get("/share/privacy/en").text
    assert "that the sender chose, 8 days at most" in text
    assert "9 days after the expiry of the secret" in text


def test_browsers_keep_the_key_of_a_request_as_long_as_an_answer() -> None:
    script = (STATIC_FOLDER / "sharing" / "request.js").read_text(encoding="utf-8")
    assert f"> {rules.MAX_LIFETIME // timedelta(days=1)} * 86_400_000" in script


def test_privacy_mentions_what_only_some_installations_do(
    make_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "MAIL", timedelta(hours=43))
    for settings, mentions_portal, mentions_limits in (
        ({"SURFACES": "sharing", "RATE_LIMITS": "on"}, False, True),
        ({"SURFACES": "submission,portal,sharing", "RATE_LIMITS": "off"}, True, False),
    ):
        text = make_service(**settings).client.get("/share/privacy/en").text
        assert ("read the portal’s cookie" in text) is mentions_portal
        assert ("43 hours at most" in text) is mentions_portal
        assert ("About a minute" in text) is mentions_limits


@pytest.mark.parametrize("path", PATHS)
def test_they_name_where_to_find_help(make_service: Callable[..., Service], sharing: Service, path: str) -> None:
    named = make_service(SURFACES="sharing", SHARING_SUPPORT_URL="tel:+18005550199").client.get(f"{path}/en").text
    assert '<a href="tel:+18005550199">Contact support</a> (+18005550199)' in " ".join(named.split())
    unnamed = sharing.client.get(f"{path}/en").text
    assert "Contact support" not in unnamed
    assert "Ask the person who sent you the link" in unnamed
