"""Alerts: confirmed, recorded once, and seen by phones."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.domain.errors import ActionRefusedError
from app.domain.portal.rights import Role
from clients.phone.archive import load_public_key
from clients.phone.outbreaks import Outbreak, Visit, find_outbreaks, read_outbreaks
from tests.support.alerts import END, FIELDS, HOUR, START, actor, confirm, events, new_alert, stored
from tests.support.at_once import at_once
from tests.support.places import officer, register
from tests.support.portal import person
from tests.support.service import Service


def test_an_alert_is_shown_for_confirmation_before_anything_is_stored(portal: Service) -> None:
    place, visitor = register(portal), officer(portal)
    page = visitor.post(f"/en/places/{place.id}/alert", request_id=str(uuid.uuid4()), **FIELDS).text
    assert "Send this alert?" in page
    assert "June 30, 2026, 08:00\N{NO-BREAK SPACE}EDT" in page
    assert "Isolate and get tested" in page
    assert stored(portal) == events(portal) == []


def test_a_confirmed_alert_is_recorded_and_sent_with_the_jurisdictions_token(portal: Service) -> None:
    place, visitor = register(portal), officer(portal)
    response = confirm(visitor, place)
    assert response.status_code == 303
    assert "The alert was sent on" in visitor.get(response.location).text
    assert stored(portal) == [(START, END, 1, "sent")]
    assert events(portal) == [(place.location_id, "ON", START, END, 1)]
    entries = portal.rows("SELECT action, jurisdiction, details FROM portal_audit_entries ORDER BY id DESC LIMIT 2")
    assert [(row.action, row.jurisdiction) for row in entries] == [("send-alert", "ON"), ("record-alert", "ON")]
    assert entries[1].details["after"] == {"starts": START.isoformat(), "ends": END.isoformat(), "severity": 1}


def test_a_phone_that_scanned_the_poster_is_notified(portal: Service) -> None:
    place = register(portal)
    confirm(officer(portal), place, severity="2")
    portal.clock.now += timedelta(minutes=1)
    archive = portal.fetch(portal.today, "qr")
    public_key = load_public_key(_public_key(portal))
    outbreaks = read_outbreaks(archive.data, public_key)
    first, last = int(START.timestamp()), int(END.timestamp())
    assert outbreaks == (Outbreak(place.location_id, first, last, 2),)
    for scanned, is_notified in ((first - 3601, False), (first - 3600, True), (last, True), (last + 1, False)):
        assert bool(find_outbreaks([Visit(place.location_id, scanned)], outbreaks)) == is_notified
    assert find_outbreaks([Visit("elsewher", first)], outbreaks) == []


def _public_key(portal: Service) -> str:
    key = portal.settings.retrieval.ecdsa_key.public_key()
    return str(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"start_date": ""}, "Enter a date"),
        ({"start_date": "June"}, "Enter or choose a valid value"),
        ({"start_time": "08:15"}, "Enter or choose a valid value"),
        ({"severity": "3"}, "Enter or choose a valid value"),
        ({"severity": ""}, "Choose what people should do"),
        ({"end_time": "08:00"}, "Enter an end after the start"),
        ({"end_date": "2026-07-01"}, "Enter an end that is not in the future"),
        ({"start_date": "2025-06-30"}, "Enter a day of the last 12 months"),
        ({"start_date": "0001-01-01"}, "Enter a date"),
        ({"end_date": "9999-12-31"}, "Enter a date"),
        ({"start_date": "2026-03-08", "start_time": "02:30"}, "clocks are set forward"),
    ],
)
def test_an_impossible_alert_is_refused_before_and_at_confirmation(
    portal: Service, changes: dict[str, str], reason: str
) -> None:
    place, visitor = register(portal), officer(portal)
    for step in ({}, {"step": "send"}):
        values = FIELDS | {"request_id": str(uuid.uuid4())} | changes | step
        response = visitor.post(f"/en/places/{place.id}/alert", **values)
        assert (response.status_code, reason in response.text) == (200, True)
    assert stored(portal) == events(portal) == []


@pytest.mark.parametrize(
    ("start", "end"),
    [("08:00", "10:30"), ("09:00", "10:00"), ("07:00", "11:00"), ("10:00", "11:00"), ("07:00", "08:30")],
)
def test_an_overlap_is_refused_whatever_the_periods(portal: Service, start: str, end: str) -> None:
    place, visitor = register(portal), officer(portal)
    confirm(visitor, place)
    response = confirm(visitor, place, start_time=start, end_time=end)
    assert "an alert was already recorded for a part of this one" in response.text
    assert len(stored(portal)) == len(events(portal)) == 1


def test_the_next_half_hour_and_another_place_do_not_overlap(portal: Service) -> None:
    place, visitor = register(portal), officer(portal)
    other = register(portal, "AB")
    confirm(visitor, place)
    assert confirm(visitor, place, start_time="10:30", end_time="11:00").status_code == 303
    portal.clock.now += timedelta(seconds=10)  # after which submission reads tokens again
    assert confirm(officer(portal, "AB"), other).status_code == 303
    assert len(events(portal)) == 3


def test_of_overlapping_alerts_at_once_one_is_recorded(portal: Service) -> None:
    place, service = register(portal), portal.app.context.portal.alerts
    people = [actor(portal, f"actor{number}") for number in range(6)]

    def attempt(number: int) -> str:
        # Each overlaps each other one by at least half an hour.
        period = (START + HOUR * number / 2, END + HOUR * number / 2)
        try:
            service.record(people[number], new_alert(place, *period), portal.clock.now)
        except ActionRefusedError as error:
            return error.reason
        return "recorded"

    outcomes = at_once(attempt, range(5))
    assert sorted(outcomes) == ["alerts.error.overlap"] * 4 + ["recorded"]
    assert len(stored(portal)) == 1


def test_a_form_that_is_sent_twice_at_once_records_and_sends_one_alert(portal: Service) -> None:
    place, service, person_ = register(portal), portal.app.context.portal.alerts, actor(portal)
    alert = new_alert(place)

    def send(_: int) -> int:
        number = service.record(person_, alert, portal.clock.now)
        service.send(person_, number, portal.clock.now)
        return int(number)

    assert len(set(at_once(send, range(4)))) == 1
    assert [row[3] for row in stored(portal)] == ["sent"]
    assert len(events(portal)) == 1


def test_a_form_is_not_used_for_another_alert(portal: Service) -> None:
    place, visitor, identifier = register(portal), officer(portal), str(uuid.uuid4())
    confirm(visitor, place, request_id=identifier)
    response = confirm(visitor, place, request_id=identifier, start_time="11:00", end_time="12:00")
    assert "This form was already used for another alert" in response.text
    assert len(events(portal)) == 1


@pytest.mark.parametrize(
    ("role", "jurisdiction", "expected"),
    [(Role.ADMINISTRATOR, "ON", 403), (Role.SUPERUSER, "CDS", 303), (None, "AB", 404), (None, "ON", 303)],
)
def test_who_may_see_and_send_an_alert(portal: Service, role: Role | None, jurisdiction: str, expected: int) -> None:
    place = register(portal)
    number = portal.app.context.portal.alerts.record(actor(portal), new_alert(place), portal.clock.now)
    visitor = person(portal, role, jurisdiction) if role else officer(portal, jurisdiction)
    assert visitor.get(f"/en/alerts/{number}").status_code == (200 if expected == 303 else expected)
    assert visitor.post(f"/en/alerts/{number}/send", page="/en/").status_code == expected
    assert [row[3] for row in stored(portal)] == ["sent" if expected == 303 else "recorded"]


def test_the_token_is_that_of_the_places_jurisdiction(portal: Service) -> None:
    place = register(portal, "AB")
    confirm(person(portal, Role.SUPERUSER, "CDS"), place)
    ((_, originator, starts, _, _),) = events(portal)
    assert originator == "AB"
    assert starts == datetime(2026, 6, 30, 14, tzinfo=UTC)  # 8:00 in Alberta, where the place is


def test_an_alert_is_not_sent_while_the_switch_is_off(portal: Service) -> None:
    place = register(portal)
    number = portal.app.context.portal.alerts.record(actor(portal), new_alert(place), portal.clock.now)
    portal.execute("UPDATE portal_jurisdiction_switches SET outbreaks = false")
    assert officer(portal).post(f"/en/alerts/{number}/send", page="/en/").status_code == 403
    assert events(portal) == []


def test_the_history_has_the_alerts_of_the_jurisdiction_in_pages(
    portal: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.portal.alerts.PAGE_SIZE", 2)
    place, other, person_ = register(portal), register(portal, "AB"), actor(portal)
    alerts = portal.app.context.portal.alerts
    numbers = [
        alerts.record(person_, new_alert(place, START - HOUR * n, START - HOUR * (n - 1)), portal.clock.now)
        for n in range(1, 6)
    ]
    alerts.record(actor(portal, jurisdiction="AB"), new_alert(other), portal.clock.now)
    visitor, address, seen = officer(portal), "/en/alerts", []
    while address:
        page = visitor.get(address).text
        seen += [int(part.partition('"')[0]) for part in page.split('href="/en/alerts/')[1:]]
        address = page.partition('href="/en/alerts?')[2].partition('"')[0]
        address = f"/en/alerts?{address}" if address else ""
    assert seen == numbers[::-1]


def test_going_back_to_change_keeps_what_was_entered(portal: Service) -> None:
    place, visitor = register(portal), officer(portal)
    page = visitor.post(f"/en/places/{place.id}/alert", step="change", request_id=str(uuid.uuid4()), **FIELDS).text
    assert 'value="2026-06-30"' in page
    assert '<option selected value="10:30">' in page
    assert stored(portal) == []
