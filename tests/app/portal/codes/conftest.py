"""The portal with a submission that answers over HTTP."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.service import Service
from tests.support.submission_server import SubmissionServer, submission_server

SETTINGS = {"SURFACES": "submission,portal", "PUBLISH_ACTIVE_KEYS": "true", "TEXT_MESSAGE_URL": "outbox"}


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait long for submission: a machine that is busy with other tests is slow, not broken."""
    monkeypatch.setattr("app.portal.submission_client.SECONDS", 120.0)
    monkeypatch.setattr("app.portal.submission_client.STATUS_SECONDS", 60.0)


@pytest.fixture
def submission() -> Iterator[SubmissionServer]:
    """The server from which the portal requests codes."""
    with submission_server() as server:
        yield server


@pytest.fixture
def make_portal(make_service: Callable[..., Service], submission: SubmissionServer) -> Callable[..., Service]:
    """Make applications with a test's own settings; the server serves the last one."""

    def make(**overrides: str) -> Service:
        service = make_service(**{**SETTINGS, "SUBMISSION_URL": submission.url, **overrides})
        submission.application = service.app
        return service

    return make


@pytest.fixture
def portal(make_portal: Callable[..., Service]) -> Service:
    """The application with the portal and submission."""
    return make_portal()
