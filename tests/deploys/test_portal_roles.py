"""The portal and submission as two processes, each with its own database role."""

import logging
from collections.abc import Iterator

import pytest

from app.config import PORTAL, SUBMISSION
from app.domain.portal.rights import Role
from app.submission.bearer_tokens import RETRY
from tests.app.portal.codes.test_issuing import code_of, issue, reference_of
from tests.app.portal.tokens.test_tokens import make, token_of
from tests.support.clock import FakeClock
from tests.support.portal import person
from tests.support.roles import database_with_roles, url_of
from tests.support.service import Service, bearer, start_service
from tests.support.settings import make_settings
from tests.support.submission_server import submission_server
from tests.support.waiting import wait_until


@pytest.fixture
def zones(database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Service, Service]]:
    """Submission and the portal, with the roles of docs/operations.md."""
    monkeypatch.setattr("app.portal.submission_client.SECONDS", 120.0)
    clock = FakeClock()
    with database_with_roles(database_url) as owner, submission_server() as server:
        submission = start_service(make_settings(url_of("submission", owner), redis_url, SURFACES=SUBMISSION), clock)
        server.application = submission.app
        settings = make_settings(url_of("portal", owner), redis_url, SURFACES=PORTAL, SUBMISSION_URL=server.url)
        portal = start_service(settings, clock)
        yield submission, portal
        for service in (submission, portal):
            service.database.dispose()
            service.app.context.redis.close()


def test_codes_and_tokens_work_with_the_roles(zones: tuple[Service, Service], caplog: pytest.LogCaptureFixture) -> None:
    submission, portal = zones
    visitor = person(portal, Role.ADMINISTRATOR)
    first, second = issue(visitor), issue(visitor)
    assert submission.claim(code_of(first)).status_code == 200
    listed = visitor.get("/en/codes").text
    assert "Claimed" in listed
    assert "Waiting" in listed
    assert visitor.post(f"/en/codes/{reference_of(second)}").status_code == 303
    assert submission.claim(code_of(second)).status_code == 401
    token = token_of(make(visitor))
    submission.clock.now += RETRY
    assert submission.client.post("/new-key-claim", headers=bearer(token)).status_code == 200
    rows = "SELECT id, last_used FROM api_tokens WHERE NOT is_portal"
    wait_until(lambda: portal.rows(rows)[0].last_used is not None, "the use of the token is recorded")
    assert visitor.post(f"/en/tokens/{portal.rows(rows)[0].id}/revoke").status_code == 303
    assert visitor.get("/en/statistics").status_code == 200
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []
