"""Sending a code by text message: the number is in no table in clear, no log and no address."""

import logging
import re
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from app.domain.portal.telephone import normalise_number
from app.submission.bearer_tokens import RETRY
from tests.app.portal.codes.test_issuing import code_of, hidden, issue, reference_of
from tests.support.portal import Visitor, person
from tests.support.service import Service

NUMBER = "613 555-0123"


def allow(service: Service, jurisdiction: str = "ON") -> None:
    service.execute(
        "INSERT INTO portal_jurisdiction_switches (code, text_messages) VALUES (:code, true)", code=jurisdiction
    )


def send(visitor: Visitor, page: TestResponse, number: str = NUMBER, again: str | None = None) -> TestResponse:
    fields = hidden(page, "shown-code") | {"number": number, "number_again": number if again is None else again}
    return visitor.client.post("/en/code/text-message", data=fields | {"message_language": "fr"})


def messages(service: Service) -> list[tuple[str, str]]:
    return [(each.message.to, each.message.text) for each in service.app.context.portal.mail.newest()]


def test_a_code_is_sent_in_the_chosen_language_and_shown_again(portal: Service) -> None:
    allow(portal)
    visitor = person(portal)
    page = issue(visitor)
    code = code_of(page)
    sent = send(visitor, page)
    assert code_of(sent) == code
    assert "The message is on its way" in sent.text
    ((to, text),) = messages(portal)
    assert to == "+16135550123"
    assert f"{code[:3]} {code[3:6]} {code[6:]}" in text
    assert "19 mars 2026, 08\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}15" in text  # in the time of Ontario
    assert portal.claim(code).status_code == 200


def test_the_number_is_in_no_log_no_table_and_on_no_page(portal: Service, caplog: pytest.LogCaptureFixture) -> None:
    allow(portal)
    visitor = person(portal)
    with caplog.at_level(logging.DEBUG):
        sent = send(visitor, issue(visitor))
    names = [row.tablename for row in portal.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    stored = "".join(str(tuple(row)) for name in names for row in portal.rows(f"SELECT * FROM {name}"))  # noqa: S608
    logged = "".join(str(record.__dict__) for record in caplog.records)
    forms = (NUMBER, "6135550123", "5550123", "555-0123")
    assert [form for form in forms if form in stored + logged + sent.text.replace("613 555 0123", "")] == []


def test_the_audit_log_has_the_reference_only(portal: Service) -> None:
    allow(portal)
    visitor = person(portal)
    page = issue(visitor)
    send(visitor, page)
    entries = portal.rows("SELECT action, target, details FROM portal_audit_entries ORDER BY id")
    assert tuple(entries[-1]) == ("text-message", reference_of(page), {})


@pytest.mark.parametrize(
    ("number", "again", "error"),
    [
        ("", "", "Enter a mobile number"),
        ("123", "123", "Enter a mobile number"),
        (NUMBER, "", "Enter the same number twice"),
        (NUMBER, "613 555-0124", "Enter the same number twice"),
    ],
)
def test_a_wrong_number_is_explained_and_nothing_is_sent(portal: Service, number: str, again: str, error: str) -> None:
    allow(portal)
    visitor = person(portal)
    page = issue(visitor)
    refused = send(visitor, page, number, again)
    assert "There is a problem" in refused.text
    assert error in refused.text
    assert re.search("<title>Error: One-time code", refused.text)
    assert code_of(refused) == code_of(page)
    assert messages(portal) == []


def test_the_second_number_may_be_written_in_another_way(portal: Service) -> None:
    allow(portal)
    visitor = person(portal)
    send(visitor, issue(visitor), NUMBER, "+1 (613) 555 0123")
    assert len(messages(portal)) == 1


def test_text_messages_are_offered_only_where_they_are_switched_on(portal: Service) -> None:
    allow(portal, "QC")
    visitor = person(portal)
    page = issue(visitor)
    assert "Send by text message" not in page.text
    assert send(visitor, page).status_code == 400
    assert messages(portal) == []
    portal.clock.now += RETRY  # submission reads the new token of another jurisdiction
    assert "Send by text message" in issue(person(portal, jurisdiction="QC")).text


def test_without_a_sender_text_messages_are_not_offered(make_portal: Callable[..., Service]) -> None:
    portal = make_portal(TEXT_MESSAGE_URL="")
    allow(portal)
    visitor = person(portal)
    page = issue(visitor)
    assert "Send by text message" not in page.text
    assert send(visitor, page).status_code == 400


def test_messages_of_a_person_are_limited(make_portal: Callable[..., Service]) -> None:
    portal = make_portal(RATE_LIMITS="on")
    allow(portal)
    visitor = person(portal)
    page = issue(visitor)
    sent = [send(visitor, page) for _ in range(11)]
    assert [each.status_code for each in sent] == [200] * 10 + [429]
    assert code_of(sent[-1]) == code_of(page), "the code is on no other page"
    assert "Read out the code" in sent[-1].text
    assert len(messages(portal)) == 10


def test_without_redis_no_message_is_sent_and_the_code_is_still_shown(make_portal: Callable[..., Service]) -> None:
    portal = make_portal(RATE_LIMITS="on", REDIS_URL="redis://127.0.0.1:1/0")
    allow(portal)
    visitor = person(portal)
    page = issue(visitor)
    refused = send(visitor, page)
    assert refused.status_code == 503
    assert code_of(refused) == code_of(page)
    assert messages(portal) == []


def test_what_was_typed_survives_a_change_of_language(portal: Service) -> None:
    allow(portal)
    visitor = person(portal)
    page = issue(visitor)
    fields = hidden(page, "shown-code") | {"number": NUMBER, "switch_language": "fr"}
    french = visitor.client.post("/fr/code/text-message", data=fields)
    assert f'value="{NUMBER}"' in french.text
    assert code_of(french) == code_of(page)
    assert messages(portal) == []


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("613 555-0123", "+16135550123"),
        ("1 (613) 555.0123", "+16135550123"),
        ("+1 613\N{NO-BREAK SPACE}555\N{EN DASH}0123", "+16135550123"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("(0)20 7946 0958", None),
        ("\u202a+1 613-555-0123\u202c", "+16135550123"),  # copied from a list of contacts
        ("113 555 0123", None),  # no area code begins with 1
        ("613 055 0123", None),
        ("555 0123", None),
        ("+1 555", None),
        ("+0 613 555 0123", None),
        ("613 555 0123 ext. 4", None),
        ("٦١٣٥٥٥٠١٢٣", None),
        ("", None),
    ],
)
def test_numbers_are_normalised(typed: str, number: str | None) -> None:
    assert normalise_number(typed) == number
