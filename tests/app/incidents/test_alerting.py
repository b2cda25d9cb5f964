"""From alerts to incidents, also with many processes at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.domain.errors import IncidentRefusedError
from app.domain.incidents.alerts import Detection
from app.domain.incidents.checks import Check
from app.domain.incidents.states import RECOVERY, SAME_CAUSE, Impact, State
from app.domain.objectives import Severity
from app.incidents.alerting import Alerting
from app.incidents.records import locked
from app.incidents.service import Incidents, Opening
from tests.support.at_once import at_once
from tests.support.incidents import check_ends, check_fires, objective_ends, objective_fires
from tests.support.service import Service
from tests.support.waiting import wait_until

MINUTE = timedelta(minutes=1)


def test_an_alert_opens_an_incident_once(status: Service, incidents: Incidents, alerting: Alerting) -> None:
    now = status.clock.now
    first = alerting.synchronize([check_fires(Check.DATABASE, now)], [], now)
    assert first is not None
    assert alerting.synchronize([check_fires(Check.DATABASE, now + MINUTE)], [], now + MINUTE) is None
    (incident,) = incidents.newest()
    assert (incident.number, incident.state, incident.impact) == (first, State.OPEN, Impact.MAJOR)
    assert incident.titles["fr"] == "La base de données ne répond pas"
    assert [event.kind for event in incidents.find(first, now).events] == ["opened", "alert-fired"]


@pytest.mark.parametrize("attempt", range(3))
def test_many_monitors_at_the_same_moment_open_one_incident(
    status: Service, incidents: Incidents, alerting: Alerting, attempt: int
) -> None:
    now = status.clock.now
    checks = [*Check] * 2

    def synchronize(check: Check) -> int | None:
        return alerting.synchronize([check_fires(check, now)], [], now)

    detected = checks[attempt : attempt + len(Check) + 1]
    numbers = {number for number in at_once(synchronize, detected) if number is not None}
    assert {incident.number for incident in incidents.newest()} == numbers
    assert len(numbers) == 1
    fired = status.rows("SELECT name FROM alerts")
    assert len(fired) == len({row.name for row in fired}) == len(set(detected))
    assert status.rows("SELECT 1 FROM alerts WHERE incident_id IS NULL") == []


def test_the_database_refuses_a_second_ongoing_incident_of_the_service(status: Service) -> None:
    insert = (
        "INSERT INTO incidents (title_en, title_fr, state, impact, urgency, parts, began, opened_by)"
        " VALUES ('a', 'a', 'open', 'minor', 'page', '{}', now(), 'service') ON CONFLICT DO NOTHING"
    )
    status.execute(insert)
    status.execute(insert)
    assert len(status.rows("SELECT 1 FROM incidents")) == 1


def test_further_alerts_extend_the_ongoing_incident(status: Service, incidents: Incidents, alerting: Alerting) -> None:
    now = status.clock.now
    number = alerting.synchronize([check_fires(Check.CLOCK, now)], [], now)
    assert incidents.newest()[0].impact is Impact.MINOR
    assert alerting.synchronize([check_fires(Check.DATABASE, now + MINUTE)], [], now + MINUTE) == number
    assert incidents.newest()[0].impact is Impact.MAJOR
    slow = objective_fires("uploads-availability", Severity.TICKET, now + MINUTE, "uploading")
    assert alerting.synchronize([slow], [], now + MINUTE) == number
    (incident,) = incidents.newest()
    assert incident.impact is Impact.MAJOR
    assert incident.parts == ("jobs", "issuing", "claiming", "uploading", "portal", "sharing")


def test_what_is_not_urgent_does_not_hold_urgent_alerts(
    status: Service, incidents: Incidents, alerting: Alerting
) -> None:
    now = status.clock.now
    slow = alerting.synchronize([objective_fires("jobs", Severity.TICKET, now)], [], now)
    later = now + SAME_CAUSE + MINUTE
    urgent = alerting.synchronize([check_fires(Check.REDIS, later)], [], later)
    assert slow != urgent
    assert {incident.urgency for incident in incidents.newest()} == {Severity.PAGE, Severity.TICKET}


def test_an_urgent_alert_soon_after_one_that_can_wait_makes_its_incident_urgent(
    status: Service, incidents: Incidents, alerting: Alerting
) -> None:
    now = status.clock.now
    warned = alerting.synchronize([objective_fires("jobs", Severity.TICKET, now)], [], now)
    later = now + SAME_CAUSE
    assert alerting.synchronize([check_fires(Check.REDIS, later)], [], later) == warned
    (incident,) = incidents.newest()
    assert incident.urgency is Severity.PAGE
    ended = later + MINUTE
    alerting.synchronize([], [check_ends(Check.REDIS, ended)], ended)
    alerting.synchronize([], [], ended + RECOVERY)
    assert incidents.newest()[0].state is State.RESOLVED, "the alert that can wait does not prolong it"


def test_an_incident_of_a_person_takes_no_alerts(status: Service, incidents: Incidents, alerting: Alerting) -> None:
    now = status.clock.now
    own = incidents.open(Opening("A wrong text"), "ada@health.example", now)
    assert alerting.synchronize([check_fires(Check.REDIS, now)], [], now) != own


def test_the_service_resolves_what_has_recovered_for_five_minutes(
    status: Service, incidents: Incidents, alerting: Alerting
) -> None:
    began = status.clock.now
    number = alerting.synchronize([check_fires(Check.DATABASE, began), check_fires(Check.REDIS, began)], [], began)
    assert number is not None
    alerting.synchronize([], [check_ends(Check.REDIS, began + MINUTE)], began + MINUTE)
    alerting.synchronize([], [], began + 20 * MINUTE)
    assert incidents.newest()[0].state is State.OPEN, "an alert still fires"
    ended = began + 30 * MINUTE
    alerting.synchronize([], [check_ends(Check.DATABASE, ended)], ended)
    alerting.synchronize([], [], ended + 5 * MINUTE - timedelta(seconds=1))
    assert incidents.newest()[0].state is State.OPEN
    alerting.synchronize([], [], ended + 5 * MINUTE)
    details = incidents.find(number, ended + 5 * MINUTE)
    assert (details.incident.state, details.incident.minutes) == (State.RESOLVED, 30)
    assert details.draft is not None
    assert "30 minutes" in details.draft.report.sections["en"]["impact"]
    assert details.draft.report.sections["fr"]["summary"].startswith("La base de données ne répond pas. L’incident")
    assert alerting.synchronize([check_fires(Check.REDIS, ended + 2 * RECOVERY)], [], ended + 2 * RECOVERY) != number


def test_alerts_that_are_not_urgent_do_not_prolong_an_urgent_incident(
    status: Service, incidents: Incidents, alerting: Alerting
) -> None:
    began = status.clock.now
    slow = objective_fires("jobs", Severity.TICKET, began)
    alerting.synchronize([check_fires(Check.WORKER, began), slow], [], began)
    alerting.synchronize([], [check_ends(Check.WORKER, began + MINUTE)], began + MINUTE)
    alerting.synchronize([], [], began + MINUTE + RECOVERY)
    assert incidents.newest()[0].state is State.RESOLVED
    alerting.synchronize([], [objective_ends("jobs", Severity.TICKET, began + 60 * MINUTE)], began + 60 * MINUTE)
    assert status.rows("SELECT 1 FROM alerts WHERE resolved IS NULL") == []


def test_an_alert_that_outlives_its_incident_gets_one_of_its_own(
    status: Service, incidents: Incidents, alerting: Alerting
) -> None:
    began, slow = status.clock.now, ("jobs", Severity.TICKET)
    first = alerting.synchronize([check_fires(Check.WORKER, began), objective_fires(*slow, began)], [], began)
    ended = began + MINUTE
    alerting.synchronize([objective_fires(*slow, ended)], [check_ends(Check.WORKER, ended)], ended)
    over = ended + RECOVERY
    assert alerting.synchronize([objective_fires(*slow, over)], [], over) is None, "it is resolved only now"
    later = over + MINUTE
    second = alerting.synchronize([objective_fires(*slow, later)], [], later)
    assert second not in (None, first)
    assert second is not None
    assert alerting.synchronize([objective_fires(*slow, later + MINUTE)], [], later + MINUTE) is None
    details = incidents.find(second, later)
    assert (details.incident.urgency, details.incident.parts) == (Severity.TICKET, ("jobs",))
    assert details.incident.began == later, "the time before is that of the first incident"
    assert [event.kind for event in details.events] == ["opened", "alert-fired"]
    alerting.synchronize([], [objective_ends(*slow, later + 2 * MINUTE)], later + 2 * MINUTE)
    alerting.synchronize([], [], later + 2 * MINUTE + RECOVERY)
    assert {incident.state for incident in incidents.newest()} == {State.RESOLVED}


def test_failures_of_an_incident_do_not_open_another_one(
    status: Service, incidents: Incidents, alerting: Alerting
) -> None:
    began, two_hours = status.clock.now, timedelta(hours=2)

    def slow(at: datetime) -> Detection:
        return replace(objective_fires("jobs", Severity.TICKET, at), window=two_hours)

    first = alerting.synchronize([check_fires(Check.WORKER, began), slow(began)], [], began)
    ended = began + MINUTE
    alerting.synchronize([slow(ended)], [check_ends(Check.WORKER, ended)], ended)
    alerting.synchronize([slow(ended + RECOVERY)], [], ended + RECOVERY)
    before, after = ended + two_hours - MINUTE, ended + two_hours
    assert alerting.synchronize([slow(before)], [], before) is None, "its window still has failures of the incident"
    assert alerting.synchronize([slow(after)], [], after) not in (None, first)


def test_a_person_cannot_resolve_an_incident_while_an_alert_of_its_urgency_fires(
    status: Service, incidents: Incidents, alerting: Alerting
) -> None:
    began = status.clock.now
    slow = objective_fires("jobs", Severity.TICKET, began)
    number = alerting.synchronize([check_fires(Check.DATABASE, began), slow], [], began)
    assert number is not None
    with pytest.raises(IncidentRefusedError, match="firing"):
        incidents.resolve(number, "ada@health.example", began + MINUTE)
    assert incidents.newest()[0].state is State.OPEN
    alerting.synchronize([], [check_ends(Check.DATABASE, began + 2 * MINUTE)], began + 2 * MINUTE)
    incidents.resolve(number, "ada@health.example", began + 3 * MINUTE)
    assert incidents.newest()[0].state is State.RESOLVED


def test_an_alert_of_an_objective_that_was_removed_ends(
    status: Service, incidents: Incidents, alerting: Alerting
) -> None:
    began = status.clock.now
    kept, removed = (objective_fires(name, Severity.PAGE, began) for name in ("jobs", "no-longer-there"))
    alerting.synchronize([kept, removed, check_fires(Check.REDIS, began)], [], began)
    alerting.end_removed({"jobs"}, began + MINUTE)
    firing = [row.name for row in status.rows("SELECT name FROM alerts WHERE resolved IS NULL ORDER BY name")]
    assert firing == ["jobs", "redis"]


def test_an_urgent_alert_reopens_a_mitigated_incident(
    status: Service, incidents: Incidents, alerting: Alerting
) -> None:
    now = status.clock.now
    number = alerting.synchronize([check_fires(Check.DATABASE, now)], [], now)
    assert number is not None
    incidents.mitigate(number, "ada@health.example", now + MINUTE)
    alerting.synchronize([check_fires(Check.REDIS, now + 2 * MINUTE)], [], now + 2 * MINUTE)
    assert incidents.find(number, now).incident.state is State.OPEN
    assert "reopened" in [event.kind for event in incidents.find(number, now).events]


def test_an_urgent_alert_reopens_an_incident_that_a_person_mitigates_at_the_same_moment(
    status: Service, incidents: Incidents, alerting: Alerting
) -> None:
    now = status.clock.now
    number = alerting.synchronize([check_fires(Check.DATABASE, now)], [], now)
    assert number is not None
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with ThreadPoolExecutor(1) as threads:
        with status.database.session() as session:
            row = locked(session, number)
            row.state, row.mitigated = State.MITIGATED.value, now
            session.flush()
            fires = threads.submit(alerting.synchronize, [check_fires(Check.REDIS, now + MINUTE)], [], now + MINUTE)
            wait_until(lambda: fires.done() or status.rows(waiting), "the monitor waits for the person, or has ended")
        assert fires.result() == number
    assert incidents.find(number, now).incident.state is State.OPEN


def test_two_monitors_that_kept_the_same_outage_store_it_once(
    status: Service, incidents: Incidents, alerting: Alerting
) -> None:
    began, back = status.clock.now, status.clock.now + 10 * MINUTE
    for seconds in (0, 7):
        late: Detection = check_fires(Check.DATABASE, began + timedelta(seconds=seconds))
        alerting.synchronize([late], [check_ends(Check.DATABASE, back + timedelta(seconds=seconds))], back + MINUTE)
    assert len(status.rows("SELECT 1 FROM alerts")) == len(incidents.newest()) == 1
    assert incidents.newest()[0].began == began
