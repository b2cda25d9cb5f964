"""Codes for the lines of a list, by identifiers that the browser derives."""

import hashlib
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.portal import Visitor, person
from tests.support.service import Service
from tests.support.submission_server import SubmissionServer, answers


def identifier(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


def token(visitor: Visitor) -> str:
    found = re.search(r'"token": "([^"]+)"', visitor.get("/en/codes/list").text)
    assert found
    return found[1]


def request(visitor: Visitor, line: str = "first", **message: Any) -> TestResponse:
    headers = {"X-CSRFToken": token(visitor)}
    return visitor.client.post("/en/codes/list/issue", json={"line": identifier(line), **message}, headers=headers)


def test_each_line_gets_a_code(portal: Service) -> None:
    visitor = person(portal)
    answered = [request(visitor, line).json for line in ("first", "second")]
    assert [each["state"] for each in answered] == ["issued", "issued"]
    assert [portal.claim(each["code"]).status_code for each in answered] == [200, 200]


def test_a_second_run_issues_no_second_code(portal: Service) -> None:
    visitor = person(portal)
    first = request(visitor).json
    assert request(visitor).json == {
        "state": "before",
        "reference": first["reference"],
        "created": "March 18, 2026, 08:15\N{NO-BREAK SPACE}EDT",
    }
    assert request(person(portal)).json["state"] == "before"  # a colleague
    assert len(portal.rows("SELECT 1 FROM encryption_keys")) == 1
    assert portal.claim(first["code"]).status_code == 200


def test_the_same_line_of_another_jurisdiction_is_another(portal: Service) -> None:
    assert request(person(portal)).json["state"] == "issued"
    portal.clock.now = portal.clock.now.replace(second=59)
    assert request(person(portal, jurisdiction="QC")).json["state"] == "issued"


def test_a_code_that_was_lost_can_be_replaced(portal: Service) -> None:
    visitor = person(portal)
    first = request(visitor).json
    second = request(visitor, again=True).json
    assert second["reference"] == first["reference"]
    assert portal.claim(first["code"]).status_code == 401
    assert portal.claim(second["code"]).status_code == 200
    used = request(visitor, again=True)
    assert (used.status_code, used.json) == (409, {"state": "used"})


def test_two_people_with_the_same_list_get_one_code_for_a_line(portal: Service) -> None:
    visitors = [person(portal) for _ in range(4)]
    answered: list[Any] = []
    threads = [threading.Thread(target=lambda each=each: answered.append(request(each).json)) for each in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each["state"] for each in answered) == ["before", "before", "before", "issued"]


def test_the_daily_limit_holds(make_portal: Callable[..., Service]) -> None:
    portal = make_portal(PORTAL_DAILY_CODES="1")
    visitor = person(portal)
    assert request(visitor, "first").status_code == 200
    refused = request(visitor, "second")
    assert (refused.status_code, refused.json) == (403, {"state": "limit"})


def test_replacing_an_expired_code_counts_as_issuing_one(make_portal: Callable[..., Service]) -> None:
    portal = make_portal(PORTAL_DAILY_CODES="2")
    visitor = person(portal)
    assert [request(visitor, line).status_code for line in ("first", "second")] == [200, 200]
    assert request(visitor, "second", again=True).status_code == 200  # in place of one that counts already
    portal.clock.now += timedelta(hours=25)
    portal.execute("UPDATE portal_sessions SET created = :now, last_seen = :now", now=portal.clock.now)
    answered = [request(visitor, line, again=True) for line in ("first", "third", "second", "first")]
    assert [each.status_code for each in answered] == [200, 200, 403, 200]
    codes = [each.json["code"] for each in answered if each.status_code == 200]
    assert [portal.claim(code).status_code for code in codes] == [401, 200, 200], "no more than two codes are valid"


def test_a_code_that_a_colleague_replaces_becomes_theirs_and_counts_for_them(
    make_portal: Callable[..., Service], submission: SubmissionServer
) -> None:
    portal = make_portal(PORTAL_DAILY_CODES="1")
    visitor, colleague = person(portal), person(portal)
    reference = request(visitor, "first").json["reference"]
    submission.faults += [answers("500 Error"), answers("500 Error")]
    assert request(colleague, "first", again=True).status_code == 503
    assert reference in visitor.get("/en/codes").text, "the first code is still valid"
    replaced = request(colleague, "first", again=True).json
    assert (replaced["state"], replaced["reference"]) == ("issued", reference)
    assert [reference in each.get("/en/codes").text for each in (visitor, colleague)] == [False, True]
    assert request(colleague, "second").json == {"state": "limit"}
    assert request(visitor, "second").json["state"] == "issued"
    assert request(colleague, "second", again=True).json == {"state": "limit"}


def test_a_line_whose_code_was_used_does_not_count_again(make_portal: Callable[..., Service]) -> None:
    portal = make_portal(PORTAL_DAILY_CODES="1")
    visitor = person(portal)
    portal.claim(request(visitor, "first").json["code"])
    portal.clock.now += timedelta(hours=25)
    portal.execute("UPDATE portal_sessions SET created = :now, last_seen = :now", now=portal.clock.now)
    assert request(visitor, "first", again=True).json == {"state": "used"}
    assert request(visitor, "second").status_code == 200


@pytest.mark.parametrize("faults", [["500 Error"] * 2, ["400 Bad Request"], ["429 Too Many Requests"]])
def test_a_line_can_be_repeated_after_a_failure(
    portal: Service, submission: SubmissionServer, faults: list[str]
) -> None:
    visitor = person(portal)
    submission.faults += map(answers, faults)
    failed = request(visitor)
    assert (failed.status_code, failed.json) == (503, {"state": "unavailable"})
    assert request(visitor).json["state"] == "issued"


def test_the_identifier_is_not_stored_as_it_is_sent(portal: Service) -> None:
    request(person(portal))
    (row,) = portal.rows("SELECT line_digest FROM portal_issued_codes")
    assert len(row.line_digest) == 32
    assert bytes(row.line_digest).hex() != identifier("first")


@pytest.mark.parametrize(
    "message", [None, [], {}, {"line": "6135550123"}, {"line": 1}, {"line": "A" * 64}, {"line": "a" * 65}]
)
def test_anything_but_an_identifier_is_refused(portal: Service, message: Any) -> None:
    visitor = person(portal)
    response = visitor.client.post("/en/codes/list/issue", json=message, headers={"X-CSRFToken": token(visitor)})
    assert (response.status_code, response.json) == (400, {"state": "malformed"})
    assert portal.rows("SELECT 1 FROM portal_issued_codes") == []


@pytest.mark.parametrize("header", [{}, {"X-CSRFToken": "wrong"}])
def test_a_request_without_the_token_of_the_session_is_refused(portal: Service, header: dict[str, str]) -> None:
    response = person(portal).client.post("/en/codes/list/issue", json={"line": "a" * 64}, headers=header)
    assert response.status_code == 400
    assert portal.rows("SELECT 1 FROM portal_issued_codes") == []
