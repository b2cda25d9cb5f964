"""Issuing a code: one click, one code, shown once."""

import logging
import re
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from werkzeug.test import TestResponse

from app.domain.codes import DIGITS, LETTERS
from app.domain.portal.rights import Role
from tests.app.portal.announcements.test_announcements import publish
from tests.support.portal import Visitor, add_account, person, signed_in
from tests.support.service import Service
from tests.support.submission_server import SubmissionServer, answers

HIDDEN = re.compile(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"')


def issue(visitor: Visitor, **fields: str) -> TestResponse:
    """Press the button on the first page, and return the response."""
    page = visitor.get("/en/")
    values = {name: unescape(value) for name, value in HIDDEN.findall(page.text)}
    return visitor.client.post("/en/code", data={**values, **fields})


def code_of(response: TestResponse) -> str:
    """Return the code of a page that shows one."""
    shown = re.search(r'id="code"[^>]*>(.*?)</p>', response.text, re.DOTALL)
    assert shown, response.text
    return "".join(re.sub(r"<[^>]*>", "", shown[1]).split())


def reference_of(response: TestResponse) -> str:
    """Return the reference of the code that a page shows."""
    (value,) = re.findall(r'name="replaces" value="([^"]+)"', response.text)
    reference: str = value
    return reference


def hidden(response: TestResponse, form: str) -> dict[str, str]:
    """Return the hidden fields of a form of a page."""
    found = re.search(rf'<form[^>]*id="{form}".*?</form>', response.text, re.DOTALL)
    assert found
    fields = re.findall(r"<input[^>]*>", found[0])
    names = [(re.search(r'name="(\w+)"', each), re.search(r'value="([^"]*)"', each)) for each in fields]
    return {name[1]: unescape(value[1]) for name, value in names if name and value}


def states(service: Service) -> list[str]:
    return [row.state for row in service.rows("SELECT state FROM portal_issued_codes ORDER BY id")]


def test_one_click_issues_a_code_that_a_phone_can_claim(portal: Service) -> None:
    response = issue(person(portal))
    code = code_of(response)
    assert re.fullmatch(f"[{LETTERS}{DIGITS}]{{10}}", code)
    assert portal.claim(code).status_code == 200
    (row,) = portal.rows("SELECT originator, region FROM encryption_keys")
    assert row.originator == "ON"


def test_the_code_is_grouped_and_spelled_in_the_language_of_the_page(portal: Service) -> None:
    visitor = person(portal)
    page = issue(visitor)
    code = code_of(page)
    assert re.findall(r'<span class="code-panel__group">(\w+)</span>', page.text) == [code[:3], code[3:6], code[6:]]
    # All letters or all digits: issue until there is a letter, which has a word.
    while code[:3].isdigit() and code[3:6].isdigit() and code[6:].isdigit():
        page = issue(visitor)
        code = code_of(page)
    words = re.findall(r'<b translate="no">([A-Z])</b> <span>([^<]+)</span>', page.text)
    assert words
    assert all(word[0] == letter for letter, word in words)


def test_the_expiry_is_shown_in_the_time_of_the_jurisdiction(portal: Service) -> None:
    # 12:15 UTC is 5:15 in Vancouver, where daylight saving time has begun.
    assert "March 19, 2026, 05:15" in issue(person(portal, jurisdiction="BC")).text


def test_the_page_is_not_kept_and_its_title_and_address_do_not_have_the_code(portal: Service) -> None:
    response = issue(person(portal))
    assert response.headers["Cache-Control"] == "no-store"
    title = re.search(r"<title>(.*?)</title>", response.text)
    assert title
    assert title[1] == "One-time code – Exposure Alert portal"
    assert response.request.path == "/en/code"


def test_a_code_cannot_be_left_by_dismissing_an_announcement(portal: Service) -> None:
    publish(portal)
    page = issue(person(portal))
    assert code_of(page)
    assert "/dismiss" not in page.text


def test_the_code_is_in_no_log_and_no_table(portal: Service, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        response = issue(person(portal))
    code, reference = code_of(response), reference_of(response)
    names = [row.tablename for row in portal.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    stored = "".join(str(tuple(row)) for name in names for row in portal.rows(f"SELECT * FROM {name}"))  # noqa: S608
    assert reference in stored
    logged = "".join(str(record.__dict__) for record in caplog.records)
    grouped = f"{code[:3]} {code[3:6]} {code[6:]}"
    assert [text for text in (code, grouped) if text in stored or text in logged] == []
    redis = portal.app.context.redis
    assert [key for key in redis.scan_iter() if code.encode() in key] == []


def test_the_audit_log_has_the_reference_only(portal: Service) -> None:
    response = issue(person(portal))
    (entry,) = portal.rows("SELECT action, target, jurisdiction, details FROM portal_audit_entries")
    assert tuple(entry) == ("issue", reference_of(response), "ON", {})


def test_nothing_in_the_database_of_the_portal_leads_to_a_key_pair(portal: Service) -> None:
    issue(person(portal))
    (row,) = portal.rows("SELECT hash_id FROM encryption_keys")
    stored = "".join(str(tuple(each)) for each in portal.rows("SELECT * FROM portal_issued_codes"))
    assert row.hash_id not in stored


def test_a_form_that_is_sent_twice_gives_one_valid_code_counted_once(portal: Service) -> None:
    visitor, request_id = person(portal), str(uuid.uuid4())
    first = code_of(issue(visitor, request_id=request_id))
    second_page = issue(visitor, request_id=request_id)
    assert "This code replaces the one before" in second_page.text
    assert states(portal) == ["issued"]
    assert portal.claim(first).status_code == 401
    assert portal.claim(code_of(second_page)).status_code == 200


def test_a_double_click_gives_one_valid_code_counted_once(portal: Service) -> None:
    account = add_account(portal)
    visitors = [signed_in(portal, account) for _ in range(4)]
    request_id, pages = str(uuid.uuid4()), []
    threads = [
        threading.Thread(target=lambda each=each: pages.append(issue(each, request_id=request_id))) for each in visitors
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = {code_of(page) for page in pages}
    assert len(codes) == 4
    assert states(portal) == ["issued"]
    assert sorted(portal.claim(code).status_code for code in codes) == [200, 401, 401, 401]
    audited = portal.rows("SELECT action FROM portal_audit_entries ORDER BY id")
    assert [row.action for row in audited] == ["issue", "issue-again", "issue-again", "issue-again"]


def test_a_form_whose_code_was_claimed_issues_no_other_code(portal: Service) -> None:
    visitor, request_id = person(portal), str(uuid.uuid4())
    portal.claim(code_of(issue(visitor, request_id=request_id)))
    response = issue(visitor, request_id=request_id)
    assert response.status_code == 409
    assert "cannot be issued again" in response.text


def test_a_form_of_another_person_is_refused(portal: Service) -> None:
    request_id = str(uuid.uuid4())
    issue(person(portal), request_id=request_id)
    assert issue(person(portal), request_id=request_id).status_code == 404


def test_a_form_without_an_identifier_is_refused(portal: Service) -> None:
    assert issue(person(portal), request_id="").status_code == 400


def test_a_person_issues_no_more_codes_than_allowed_in_a_day(make_portal: Callable[..., Service]) -> None:
    portal = make_portal(PORTAL_DAILY_CODES="2")
    visitor = person(portal)
    assert [issue(visitor).status_code for _ in range(3)] == [200, 200, 403]
    assert issue(person(portal)).status_code == 200  # another person
    portal.clock.now += timedelta(hours=24)
    portal.execute("UPDATE portal_sessions SET created = :now, last_seen = :now", now=portal.clock.now)
    assert issue(visitor).status_code == 200


def test_parallel_requests_do_not_exceed_the_limit(make_portal: Callable[..., Service]) -> None:
    portal = make_portal(RATE_LIMITS="off")
    assert portal.settings.portal.portal_daily_codes == 100
    account = add_account(portal)
    now = portal.clock.now
    portal.execute(
        "INSERT INTO portal_issued_codes (reference, request_id, account_id, jurisdiction, state, created, expires)"
        " SELECT 'R' || n, gen_random_uuid(), :account, 'ON', 'issued', :now, :now FROM generate_series(1, 90) AS n",
        account=account,
        now=now,
    )
    statuses: list[int] = []

    def press_repeatedly() -> None:
        visitor = signed_in(portal, account)
        statuses.extend(issue(visitor).status_code for _ in range(5))

    threads = [threading.Thread(target=press_repeatedly) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 10 + [403] * 10
    (row,) = portal.rows("SELECT count(*) AS codes FROM portal_issued_codes WHERE state = 'issued'")
    assert row.codes == 100


@pytest.mark.parametrize(
    ("faults", "status", "cause"),
    [
        (["500 Error"] * 2, 503, "does not answer"),
        (["400 Bad Request"], 503, "refused the request"),
        (["429 Too Many Requests"], 429, "Too many requests"),
    ],
)
def test_a_code_that_could_not_be_issued_does_not_count(
    make_portal: Callable[..., Service], submission: SubmissionServer, faults: list[str], status: int, cause: str
) -> None:
    portal = make_portal(PORTAL_DAILY_CODES="1")
    visitor, request_id = person(portal), str(uuid.uuid4())
    submission.faults += map(answers, faults)
    response = issue(visitor, request_id=request_id)
    assert (response.status_code, cause in response.text) == (status, True)
    assert states(portal) == ["failed"]
    assert issue(visitor, request_id=request_id).status_code == 200  # the same form, sent again
    assert states(portal) == ["issued"]
    assert issue(visitor).status_code == 403


def test_the_code_can_be_shown_in_the_other_language(portal: Service) -> None:
    visitor = person(portal)
    page = issue(visitor)
    french = visitor.client.post("/fr/code", data=hidden(page, "shown-code") | {"switch_language": "fr"})
    assert code_of(french) == code_of(page)
    assert "Code à usage unique" in french.text
    assert len(states(portal)) == 1


def test_a_sealed_code_cannot_be_opened_in_another_session(portal: Service) -> None:
    page = issue(person(portal))
    other = person(portal)
    fields = hidden(page, "shown-code") | {"switch_language": "fr"}
    fields["csrf_token"] = hidden(issue(other), "shown-code")["csrf_token"]
    response = other.client.post("/fr/code", data=fields)
    assert (response.status_code, response.location) == (303, "/fr/")


def test_a_sealed_code_cannot_be_opened_after_it_expired(portal: Service) -> None:
    visitor = person(portal)
    fields = hidden(issue(visitor), "shown-code") | {"switch_language": "fr"}
    portal.clock.now += timedelta(hours=24)
    portal.execute("UPDATE portal_sessions SET created = :now, last_seen = :now", now=portal.clock.now)
    assert visitor.client.post("/fr/code", data=fields).status_code == 303


def test_the_address_of_the_code_leads_to_the_first_page(portal: Service) -> None:
    response = person(portal, Role.ADMINISTRATOR).get("/fr/code")
    assert (response.status_code, response.location) == (303, "/fr/")
