"""Alerts reach submission once, whatever fails on the way."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import DBAPIError

from tests.support.alerts import actor, confirm, events, new_alert, stored
from tests.support.places import officer, register, switch_on
from tests.support.service import Service
from tests.support.submission_server import SubmissionServer, answers, loses_the_answer


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "429 Too Many Requests", "503 Unavailable"])
def test_an_alert_that_submission_refuses_is_kept_and_can_be_sent_again(
    portal: Service, submission: SubmissionServer, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.portal.submission_client._NEW_TOKEN_SECONDS", 0.0)
    place, visitor = register(portal), officer(portal)
    submission.faults += [answers(status), answers(status)]
    location = confirm(visitor, place).location
    assert "could not be sent" in visitor.get(location).text
    assert [row[3] for row in stored(portal)] == ["failed"]
    submission.faults.clear()
    assert visitor.post(f"{location}/send", page=location).location == location
    assert [row[3] for row in stored(portal)] == ["sent"]
    assert len(events(portal)) == 1
    page = visitor.get(location).text
    assert "The alert was sent on" in page
    assert "Send again" not in page


def test_what_submission_acknowledged_is_never_sent_again(portal: Service, submission: SubmissionServer) -> None:
    place, visitor = register(portal), officer(portal)
    location = confirm(visitor, place).location
    requests = submission.paths.count("/qr/new-event")
    for _ in range(3):
        visitor.post(f"{location}/send", page=f"/en/places/{place.id}/alert")
    assert submission.paths.count("/qr/new-event") == requests == 1


def test_an_answer_that_is_lost_leaves_one_alert_that_can_be_sent_again(
    portal: Service, submission: SubmissionServer
) -> None:
    place, visitor = register(portal), officer(portal)
    submission.faults.append(loses_the_answer(submission))
    location = confirm(visitor, place).location
    assert [row[3] for row in stored(portal)] == ["failed"]
    assert submission.paths.count("/qr/new-event") == 1
    visitor.post(f"{location}/send", page=location)
    assert [row[3] for row in stored(portal)] == ["sent"]


def test_a_submission_that_cannot_be_reached_leaves_the_alert_recorded_here(
    make_service: Callable[..., Service],
) -> None:
    service = make_service(SURFACES="submission,portal", SUBMISSION_URL="http://127.0.0.1:1")
    service.clock.now = datetime(2026, 7, 1, 12, tzinfo=UTC)
    switch_on(service, "ON")
    place, visitor = register(service), officer(service)
    assert "could not be sent" in visitor.get(confirm(visitor, place).location).text
    assert [row[3] for row in stored(service)] == ["failed"]


def test_a_crash_between_recording_and_sending_leaves_an_alert_that_can_be_sent(portal: Service) -> None:
    place, person_ = register(portal), actor(portal)
    number = portal.app.context.portal.alerts.record(person_, new_alert(place), portal.clock.now)
    visitor = officer(portal)
    assert "is recorded and being sent" in visitor.get(f"/en/alerts/{number}").text
    visitor.post(f"/en/alerts/{number}/send", page=f"/en/alerts/{number}")
    assert [row[3] for row in stored(portal)] == ["sent"]


def test_an_alert_is_marked_as_sent_together_with_its_entry_in_the_audit_log(portal: Service) -> None:
    place, person_ = register(portal), actor(portal)
    number = portal.app.context.portal.alerts.record(person_, new_alert(place), portal.clock.now)
    portal.execute(
        "CREATE FUNCTION refuse_entries() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk full'; END $$;"
        "CREATE TRIGGER refuse_entries BEFORE INSERT ON portal_audit_entries EXECUTE FUNCTION refuse_entries()"
    )
    try:
        with pytest.raises(DBAPIError):
            portal.app.context.portal.alerts.send(person_, number, portal.clock.now)
        assert [row[3] for row in stored(portal)] == ["recorded"]
    finally:
        portal.execute("DROP TRIGGER refuse_entries ON portal_audit_entries; DROP FUNCTION refuse_entries()")
