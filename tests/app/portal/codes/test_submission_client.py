"""Requests of the portal to submission: time limit, one repetition, and answers that cannot be trusted."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest

from app.domain.codes import CodeStatus
from app.domain.errors import (
    HashIdClaimedError,
    SubmissionRefusedError,
    SubmissionUnavailableError,
    TooManyRequestsError,
)
from app.portal.submission_client import SubmissionClient
from app.submission.bearer_tokens import RETRY
from tests.support.service import Service
from tests.support.settings import TOKEN
from tests.support.submission_server import SubmissionServer, answers, loses_the_answer, never_answers

HASH_ID = "a" * 128
OTHER_HASH_ID = "b" * 128


def client(service: Service) -> SubmissionClient:
    return service.app.context.portal.codes.client


def issue(service: Service, label: str = "ON") -> str:
    return client(service).issue(label, HASH_ID, service.clock.now)


def claimable(service: Service) -> int:
    """Return the number of codes that a phone could claim."""
    return len(service.rows("SELECT 1 FROM encryption_keys WHERE one_time_code IS NOT NULL"))


def test_a_code_is_issued_with_the_token_of_the_jurisdiction(portal: Service) -> None:
    assert portal.claim(issue(portal, "QC")).status_code == 200
    assert [row.originator for row in portal.rows("SELECT originator FROM encryption_keys")] == ["QC"]


def test_the_portal_registers_one_token_for_a_jurisdiction(make_portal: Callable[..., Service]) -> None:
    for _ in range(2):  # two processes
        portal = make_portal()
        issue(portal)
        issue(portal)
    assert [tuple(row) for row in portal.rows("SELECT label, is_portal, revoked_at FROM api_tokens")] == [
        ("ON", True, None)
    ]


def test_a_token_of_a_discarded_secret_is_revoked(make_portal: Callable[..., Service]) -> None:
    issue(make_portal(PORTAL_SECRET_KEYS="dd" * 32))
    both = make_portal(PORTAL_SECRET_KEYS=f"{'ee' * 32},{'dd' * 32}")
    issue(both)
    assert [row.revoked_at for row in both.rows("SELECT revoked_at FROM api_tokens ORDER BY id")] == [None, None]
    new = make_portal(PORTAL_SECRET_KEYS="ee" * 32)
    issue(new)
    revoked = [row.revoked_at is not None for row in new.rows("SELECT revoked_at FROM api_tokens ORDER BY id")]
    assert revoked == [True, False]


def test_a_secret_that_comes_back_issues_codes_again(
    make_portal: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replacement is rolled back, or processes with the old and the new secret serve at the same time."""
    keys = {"old": "dd" * 32, "new": "ee" * 32}
    portals = {name: make_portal(PORTAL_SECRET_KEYS=secret) for name, secret in keys.items()}

    def later(seconds: float) -> None:
        for portal in portals.values():
            portal.clock.now += timedelta(seconds=seconds)

    monkeypatch.setattr("app.portal.submission_client.time", SimpleNamespace(sleep=later, monotonic=time.monotonic))
    for name in ("old", "new", "old", "new"):
        later(RETRY.total_seconds())
        portal = portals[name]
        assert issue(portal), name
        token = portal.app.context.portal.keys.submission_tokens("ON")[0]
        active = portal.rows("SELECT first_characters FROM api_tokens WHERE revoked_at IS NULL")
        assert [row.first_characters for row in active] == [token[:6]], name


def test_a_token_that_submission_has_not_read_yet_is_tried_again(
    portal: Service, submission: SubmissionServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Submission has just read the tokens, and does not read them again at once.
    assert portal.client.post("/new-key-claim", headers={"Authorization": "Bearer unknown"}).status_code == 401

    def later(seconds: float) -> None:
        portal.clock.now += timedelta(seconds=seconds)

    monkeypatch.setattr("app.portal.submission_client.time", SimpleNamespace(sleep=later, monotonic=time.monotonic))
    assert portal.claim(issue(portal)).status_code == 200
    assert len(submission.paths) == 2


def test_given_tokens_are_used_instead(make_portal: Callable[..., Service]) -> None:
    portal = make_portal(PORTAL_TOKENS=f"{TOKEN}=ON")
    assert portal.claim(issue(portal)).status_code == 200
    assert portal.rows("SELECT 1 FROM api_tokens") == []
    with pytest.raises(SubmissionRefusedError):
        issue(portal, "QC")


def test_a_refused_token_is_an_error_of_the_configuration(make_portal: Callable[..., Service]) -> None:
    portal = make_portal(PORTAL_TOKENS="a-token-that-nobody-knows-1=ON")
    with pytest.raises(SubmissionRefusedError):
        issue(portal)


@pytest.mark.parametrize("status", ["500 Error", "502 Bad Gateway", "503 Unavailable"])
def test_an_error_of_the_server_is_followed_by_one_more_attempt(
    portal: Service, submission: SubmissionServer, status: str
) -> None:
    submission.faults.append(answers(status))
    assert portal.claim(issue(portal)).status_code == 200
    submission.paths.clear()
    submission.faults += [answers(status), answers(status)]
    with pytest.raises(SubmissionUnavailableError):
        client(portal).issue("ON", OTHER_HASH_ID, portal.clock.now)
    assert len(submission.paths) == 2


def test_a_repeated_request_leaves_one_code(portal: Service, submission: SubmissionServer) -> None:
    submission.faults.append(loses_the_answer(submission))
    code = issue(portal)
    assert claimable(portal) == 1
    assert portal.claim(code).status_code == 200


def test_an_answer_that_comes_late_is_not_waited_for(
    portal: Service, submission: SubmissionServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue(portal)  # the token is known from now on
    monkeypatch.setattr("app.portal.submission_client.SECONDS", 1.0)
    submission.faults += [never_answers(submission), never_answers(submission)]
    outcome: list[type[Exception]] = []

    def request() -> None:
        try:
            issue(portal)
        except SubmissionUnavailableError as error:
            outcome.append(type(error))

    thread = threading.Thread(target=request, daemon=True)
    thread.start()
    thread.join(timeout=50)
    assert outcome == [SubmissionUnavailableError]


def test_without_a_server_the_error_is_the_same(portal: Service) -> None:
    tokens = client(portal)._tokens
    with pytest.raises(SubmissionUnavailableError):
        SubmissionClient("http://127.0.0.1:9", tokens).issue("ON", HASH_ID, portal.clock.now)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"AAA2225555 ",
        b"AAA222555",
        b"AAA22255555",
        b"aaa2225555",
        b"000 000 0000",
        b"BBB2225555",
        b"<html>sign in to the hotel's network</html>",
        "ＡＡＡ2225555".encode(),
    ],
)
def test_an_answer_that_cannot_be_a_code_is_refused_and_not_logged(
    portal: Service, submission: SubmissionServer, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    submission.faults.append(answers("200 OK", body))
    if body == b"AAA2225555 ":  # surrounding white space is not part of a code
        assert issue(portal) == "AAA2225555"
        return
    with caplog.at_level(logging.DEBUG), pytest.raises(SubmissionRefusedError):
        issue(portal)
    logged = "".join(str(record.__dict__) for record in caplog.records if record.name.startswith("app.portal"))
    assert logged
    assert not body or body.decode() not in logged


def test_a_redirect_is_not_followed(portal: Service, submission: SubmissionServer) -> None:
    submission.faults.append(answers("302 Found"))
    with pytest.raises(SubmissionRefusedError):
        issue(portal)
    assert len(submission.paths) == 1


def test_too_many_requests_are_reported_as_such(portal: Service, submission: SubmissionServer) -> None:
    submission.faults.append(answers("429 Too Many Requests"))
    with pytest.raises(TooManyRequestsError):
        issue(portal)


def test_a_claimed_code_is_not_replaced(portal: Service) -> None:
    portal.claim(issue(portal))
    with pytest.raises(HashIdClaimedError):
        issue(portal)


def test_statuses_of_many_codes_need_one_request(portal: Service, submission: SubmissionServer) -> None:
    portal.claim(issue(portal))
    submission.paths.clear()
    statuses = client(portal).statuses("ON", [HASH_ID, OTHER_HASH_ID], portal.clock.now)
    assert statuses == {HASH_ID: CodeStatus.CLAIMED, OTHER_HASH_ID: CodeStatus.UNKNOWN}
    assert submission.paths == ["/code-status"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"statuses": null}', b'{"statuses": {}}', b"\xff"])
def test_a_malformed_status_is_refused(portal: Service, submission: SubmissionServer, body: bytes) -> None:
    submission.faults.append(answers("200 OK", body))
    with pytest.raises(SubmissionRefusedError):
        client(portal).statuses("ON", [HASH_ID], portal.clock.now)


def test_the_address_of_the_process_itself_is_the_default(make_service: Callable[..., Service]) -> None:
    def address(**settings: str) -> str:
        service = make_service(SURFACES="submission,portal", **settings)
        return service.app.context.portal.codes.client._url

    assert address() == "http://127.0.0.1:8001"
    assert address(PORT="5000") == "http://127.0.0.1:5000"
    assert address(BIND_ADDR="0.0.0.0:5001") == "http://127.0.0.1:5001"
    assert address(BIND_ADDR="[::1]:5002") == "http://[::1]:5002"
