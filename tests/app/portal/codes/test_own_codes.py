"""A person's own codes: their status, finding one, withdrawing one."""

import re
import secrets
from collections.abc import Callable
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from app.domain.portal.rights import Role
from app.portal.codes import PAGE_SIZE
from tests.app.portal.codes.test_issuing import code_of, issue, reference_of
from tests.support.portal import Visitor, add_account, person, signed_in
from tests.support.service import Service
from tests.support.submission_server import SubmissionServer, answers


def listed(page: TestResponse) -> dict[str, str]:
    """Return the status of each listed code by its reference."""
    rows = re.findall(r'translate="no">([A-Z0-9 ]+)</span></th>.*?<span class="tag[^>]*>([^<]+)<', page.text, re.DOTALL)
    return {reference.replace(" ", ""): status for reference, status in rows}


def withdraw(visitor: Visitor, reference: str) -> TestResponse:
    return visitor.post(f"/en/codes/{reference}")


def test_the_status_of_each_code_is_shown_with_one_request(portal: Service, submission: SubmissionServer) -> None:
    visitor = person(portal)
    waiting, claimed, withdrawn = (issue(visitor) for _ in range(3))
    portal.claim(code_of(claimed))
    withdraw(visitor, reference_of(withdrawn))
    submission.paths.clear()
    assert listed(visitor.get("/en/codes")) == {
        reference_of(waiting): "Waiting",
        reference_of(claimed): "Claimed",
        reference_of(withdrawn): "Withdrawn",
    }
    assert submission.paths == ["/code-status"]


def test_a_code_expires(portal: Service) -> None:
    visitor = person(portal)
    reference = reference_of(issue(visitor))
    portal.clock.now += timedelta(hours=24)
    portal.execute("UPDATE portal_sessions SET created = :now, last_seen = :now", now=portal.clock.now)
    assert listed(visitor.get("/en/codes")) == {reference: "Expired"}
    portal.execute("DELETE FROM encryption_keys")  # as the worker does after some time
    assert listed(visitor.get("/fr/codes")) == {reference: "Expiré"}


def test_a_code_is_found_by_its_reference_however_it_is_typed(portal: Service) -> None:
    visitor = person(portal)
    reference = reference_of(issue(visitor))
    typed = f"{reference[:4].lower()} {reference[4:].lower()}"
    response = visitor.get("/en/codes", query_string={"reference": typed})
    assert (response.status_code, response.location) == (303, f"/en/codes/{reference}")
    page = visitor.get(response.location)
    assert f"{reference[:4]} {reference[4:]}" in page.text


def test_an_unknown_reference_is_explained(portal: Service) -> None:
    page = person(portal).get("/en/codes", query_string={"reference": "<b>ABCD"})
    assert "You issued no code with this reference" in page.text
    assert 'value="&lt;b&gt;ABCD"' in page.text
    assert "<title>Error: Your codes" in page.text


def test_a_withdrawn_code_cannot_be_claimed_and_is_reported(portal: Service) -> None:
    visitor = person(portal)
    page = issue(visitor)
    reference = reference_of(page)
    response = withdraw(visitor, reference)
    assert response.status_code == 303
    assert "no longer works" in visitor.get(response.location).text
    assert portal.claim(code_of(page)).status_code == 401
    (entry,) = portal.rows("SELECT target FROM portal_audit_entries WHERE action = 'withdraw-code'")
    assert entry.target == reference
    withdraw(visitor, reference)  # again, from another tab
    assert len(portal.rows("SELECT 1 FROM portal_audit_entries WHERE action = 'withdraw-code'")) == 1


def test_a_claimed_code_is_not_withdrawn(portal: Service) -> None:
    visitor = person(portal)
    page = issue(visitor)
    portal.claim(code_of(page))
    response = withdraw(visitor, reference_of(page))
    assert response.status_code == 200
    assert "A phone has used the code" in response.text
    assert [row.state for row in portal.rows("SELECT state FROM portal_issued_codes")] == ["issued"]


def test_without_submission_the_list_is_shown_with_a_notice(portal: Service, submission: SubmissionServer) -> None:
    visitor = person(portal)
    reference = reference_of(issue(visitor))
    submission.faults += [answers("500 Error")]
    page = visitor.get("/en/codes")
    assert "The status of codes is not available" in page.text
    assert listed(page) == {reference: "Not available"}


def test_a_withdrawal_that_failed_can_be_repeated(portal: Service, submission: SubmissionServer) -> None:
    visitor = person(portal)
    page = issue(visitor)
    visitor.get(f"/en/codes/{reference_of(page)}")
    submission.faults += [lambda *_: None, answers("500 Error"), answers("500 Error")]  # the first is for the form
    response = withdraw(visitor, reference_of(page))
    assert response.status_code == 503
    assert "could not be withdrawn" in response.text
    assert withdraw(visitor, reference_of(page)).status_code == 303
    assert portal.claim(code_of(page)).status_code == 401


@pytest.mark.parametrize("jurisdiction", ["ON", "QC"])
@pytest.mark.parametrize("role", list(Role))
def test_codes_of_others_do_not_exist(portal: Service, role: Role, jurisdiction: str) -> None:
    page = issue(person(portal, jurisdiction="ON"))
    reference = reference_of(page)
    other = person(portal, role, jurisdiction)
    assert listed(other.get("/en/codes")) == {}
    assert other.get(f"/en/codes/{reference}").status_code == 404
    assert other.post(f"/en/codes/{reference}", page="/en/codes").status_code == 404
    assert portal.claim(code_of(page)).status_code == 200


def test_older_codes_are_on_further_pages(portal: Service, submission: SubmissionServer) -> None:
    account = add_account(portal)
    visitor = signed_in(portal, account)
    portal.execute(
        "INSERT INTO portal_issued_codes (reference, request_id, account_id, jurisdiction, state, created, expires)"
        " SELECT 'AAAA' || (2000 + n), gen_random_uuid(), :account, 'ON', 'issued', :now, :now"
        " FROM generate_series(1, :count) AS n",
        account=account,
        now=portal.clock.now,
        count=PAGE_SIZE + 3,
    )
    first, second = visitor.get("/en/codes"), visitor.get("/en/codes?page=2")
    assert len(listed(first)) == PAGE_SIZE
    assert len(listed(second)) == 3
    assert "Older codes" in first.text
    assert "Older codes" not in second.text
    for wrong in ("0", "-1", "x", "99999999999999999999"):
        assert listed(visitor.get(f"/en/codes?page={wrong}")) == listed(first)


def fill(portal: Service, jurisdiction: str, count: int) -> None:
    """Store codes of a new person of a jurisdiction."""
    portal.execute(
        "INSERT INTO portal_issued_codes (reference, request_id, account_id, jurisdiction, state, created, expires)"
        " SELECT left(gen_random_uuid()::text, 8), gen_random_uuid(), :account, :jurisdiction, 'issued', :now, :now"
        " FROM generate_series(1, :count) AS n",
        account=add_account(portal, f"{secrets.token_hex(4)}@health.example"),
        jurisdiction=jurisdiction,
        now=portal.clock.now,
        count=count,
    )


def test_administrators_see_those_of_their_jurisdiction_by_count_only(portal: Service) -> None:
    fill(portal, "ON", 20)
    fill(portal, "QC", 19)
    page = person(portal, Role.ADMINISTRATOR, "ON").get("/en/codes").text
    assert "Ontario: at least 20 codes in the last 24 hours" in page
    few = person(portal, Role.ADMINISTRATOR, "QC").get("/en/codes").text
    assert "Quebec: fewer than 20 codes" in few
    assert "in the last 24 hours" not in person(portal, Role.STAFF, "ON").get("/en/codes").text


def test_the_count_of_a_jurisdiction_does_not_show_each_code_that_is_issued(portal: Service) -> None:
    administrator = person(portal, Role.ADMINISTRATOR, "ON")
    shown = []
    for count in (19, 1, 1, 18, 1):
        fill(portal, "ON", count)
        shown += re.findall(r"Ontario: (.*?) in the last", administrator.get("/en/codes").text)
    assert shown == ["fewer than 20 codes", *["at least 20 codes"] * 3, "at least 40 codes"]


def test_a_code_is_found_after_the_secret_of_the_portal_was_replaced(make_portal: Callable[..., Service]) -> None:
    before = make_portal(PORTAL_SECRET_KEYS="dd" * 32)
    account = add_account(before)
    page = issue(signed_in(before, account))
    after = make_portal(PORTAL_SECRET_KEYS=f"{'ee' * 32},{'dd' * 32}")
    visitor = signed_in(after, account)
    assert listed(visitor.get("/en/codes")) == {reference_of(page): "Waiting"}
    assert withdraw(visitor, reference_of(page)).status_code == 303
    assert after.claim(code_of(page)).status_code == 401
