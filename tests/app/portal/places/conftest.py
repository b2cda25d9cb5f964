"""The portal with submission and retrieval, in jurisdictions whose switch for outbreaks is on."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from tests.support.places import switch_on
from tests.support.service import Service
from tests.support.submission_server import SubmissionServer, submission_server


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait long for submission: a machine that is busy with other tests is slow, not broken."""
    monkeypatch.setattr("app.portal.submission_client.SECONDS", 120.0)


@pytest.fixture
def submission() -> Iterator[SubmissionServer]:
    """The server to which the portal reports outbreaks."""
    with submission_server() as server:
        yield server


@pytest.fixture
def portal(make_service: Callable[..., Service], submission: SubmissionServer) -> Service:
    """The portal, and submission and retrieval beside it."""
    service = make_service(
        SURFACES="submission,retrieval,portal", SUBMISSION_URL=submission.url, EXPORT_MAX_AGE_SECONDS="0"
    )
    service.clock.now = datetime(2026, 7, 1, 12, tzinfo=UTC)
    submission.application = service.app
    switch_on(service, "ON", "AB")
    return service
