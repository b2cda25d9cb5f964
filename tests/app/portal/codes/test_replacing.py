"""Issuing another code in place of one that was just shown."""

from collections.abc import Callable

from tests.app.portal.codes.test_issuing import code_of, hidden, issue, reference_of, states
from tests.support.portal import person
from tests.support.service import Service
from tests.support.submission_server import SubmissionServer, answers


def test_issuing_another_code_withdraws_the_first(portal: Service) -> None:
    visitor = person(portal)
    page = issue(visitor)
    first = code_of(page)
    second = code_of(visitor.client.post("/en/code", data=hidden(page, "another-code")))
    assert states(portal) == ["withdrawn", "issued"]
    assert portal.claim(first).status_code == 401
    assert portal.claim(second).status_code == 200


def test_a_code_stays_valid_if_no_other_can_be_issued_for_it(make_portal: Callable[..., Service]) -> None:
    portal = make_portal(PORTAL_DAILY_CODES="1")
    visitor = person(portal)
    page = issue(visitor)
    assert visitor.client.post("/en/code", data=hidden(page, "another-code")).status_code == 403
    assert states(portal) == ["issued"]
    assert portal.claim(code_of(page)).status_code == 200


def test_a_failed_withdrawal_issues_no_other_code_and_counts_none(
    make_portal: Callable[..., Service], submission: SubmissionServer
) -> None:
    portal = make_portal(PORTAL_DAILY_CODES="2")
    visitor = person(portal)
    page = issue(visitor)
    submission.faults += [answers("500 Error"), answers("500 Error")]
    assert visitor.client.post("/en/code", data=hidden(page, "another-code")).status_code == 503
    assert states(portal) == ["issued", "failed"]
    assert visitor.client.post("/en/code", data=hidden(page, "another-code")).status_code == 200


def test_issuing_another_code_reports_that_the_first_was_used(portal: Service) -> None:
    visitor = person(portal)
    page = issue(visitor)
    portal.claim(code_of(page))
    another = visitor.client.post("/en/code", data=hidden(page, "another-code"))
    assert "The earlier code had already been used" in another.text


def test_a_code_of_another_person_cannot_be_replaced(portal: Service) -> None:
    reference = reference_of(issue(person(portal)))
    assert issue(person(portal), replaces=reference).status_code == 404
    assert states(portal) == ["issued"]
