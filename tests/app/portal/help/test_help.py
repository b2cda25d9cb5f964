"""Pages on help, privacy and accessibility: open to everyone, in both languages, with the numbers that really apply."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from app.domain.portal import retention
from app.incidents.service import Opening
from app.upkeep import portal_retention
from tests.support.incidents import AUTHOR
from tests.support.portal import Visitor, person
from tests.support.service import Service

SUPPORT = "mailto:support@health.example"
PATHS = ("help", "privacy", "accessibility")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_visitor_reads_it_in_both_languages(portal: Service, language: str, path: str) -> None:
    response = Visitor(portal).get(f"/{language}/{path}")
    assert (response.status_code, response.content_language.as_set()) == (200, {f"{language}-ca"})


def test_each_page_links_to_them_in_the_same_order(portal: Service) -> None:
    someone, visitor = person(portal), Visitor(portal)
    for page in (someone.get("/en/"), someone.get("/en/codes"), visitor.get("/en/sign-in"), visitor.get("/en/nowhere")):
        footer = page.text.partition("<footer")[2]
        assert re.findall(r'href="/en/(\w+)"', footer) == list(PATHS), page.request.path


def test_the_link_of_the_page_itself_is_marked(portal: Service) -> None:
    assert '<a href="/fr/help" aria-current="page">' in Visitor(portal).get("/fr/help").text


def test_they_cost_a_visitor_no_query(portal: Service, make_service: Callable[..., Service]) -> None:
    unreachable = make_service(SURFACES="portal,submission", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert [Visitor(unreachable).get(f"/en/{path}").status_code for path in PATHS] == [200] * 3


def test_they_name_where_to_find_help(make_service: Callable[..., Service]) -> None:
    visitor = Visitor(make_service(SURFACES="submission,portal", PORTAL_SUPPORT_URL=SUPPORT))
    for path in PATHS:
        assert f'<a href="{SUPPORT}">Contact support</a>' in visitor.get(f"/en/{path}").text, path
        assert "(support@health.example)" in visitor.get(f"/en/{path}").text, path


def test_without_an_address_for_support_they_name_the_administrator(portal: Service) -> None:
    visitor = Visitor(portal)
    assert "Contact support" not in "".join(visitor.get(f"/en/{path}").text for path in PATHS)
    assert "An administrator of your jurisdiction" in visitor.get("/en/help").text
    assert "Ask an administrator of your jurisdiction" in visitor.get("/en/accessibility").text


def test_help_has_the_limit_of_the_settings(make_service: Callable[..., Service]) -> None:
    visitor = Visitor(make_service(SURFACES="submission,portal", PORTAL_DAILY_CODES="37"))
    assert "You can issue 37 codes in 24 hours." in visitor.get("/en/help").text


def test_privacy_has_the_times_after_which_rows_are_deleted(portal: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SIGN_IN_FAILURES", timedelta(days=41))
    monkeypatch.setattr(retention, "ISSUED_CODES", timedelta(days=42))
    monkeypatch.setattr(retention, "MAIL", timedelta(hours=43))
    text = Visitor(portal).get("/en/privacy").text
    assert all(time in text for time in ("41 days", "42 days", "43 hours", "60 minutes after the last request"))


def test_privacy_states_that_incidents_keep_the_address_of_who_handled_them(portal: Service) -> None:
    portal.app.context.incidents.open(Opening("Claims fail"), AUTHOR, portal.clock.now)
    portal.clock.advance(days=550)
    portal_retention.purge(portal.database, portal.clock.now)
    assert portal.rows("SELECT opened_by FROM incidents") == [(AUTHOR,)]
    for language, stated in (("en", "the e-mail address of the superusers"), ("fr", "courriel des superutilisateurs")):
        assert stated in Visitor(portal).get(f"/{language}/privacy").text


def test_privacy_mentions_text_messages_only_where_they_can_be_sent(make_service: Callable[..., Service]) -> None:
    for url, is_mentioned in (("", False), ("outbox", True)):
        visitor = Visitor(make_service(SURFACES="submission,portal", TEXT_MESSAGE_URL=url))
        assert ("text message" in visitor.get("/en/privacy").text) is is_mentioned
