"""Publishing: from minutes, incidents and planned work in PostgreSQL to the carriers."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import ProgrammingError

from app.domain.errors import PlannedWorkRefusedError
from app.domain.incidents.states import Impact
from app.domain.objectives import Counts, Objective
from app.domain.objectives.selectors import Selector
from app.domain.status import DayRecord, PartState, PlannedWork
from app.domain.timeline import utc_now
from app.incidents.service import Opening
from app.status.carriers import DatabaseCarrier
from app.status.document import StatusDocument, from_json
from app.store import objective_minutes
from app.store.status import days as stored_days
from app.upkeep.status_publication import Publication, start_of_day
from tests.support.breakage import without_table
from tests.support.service import Service
from tests.support.status import NOW

TORONTO = ZoneInfo("America/Toronto")
TODAY = date(2026, 11, 27)
NOTHING = Selector("nothing", ())


def objective(name: str, part: str, window_days: int = 28) -> Objective:
    titles = {"en": f"{name} works", "fr": f"{name} fonctionne"}
    return Objective(name, part, titles, NOTHING, NOTHING, 0.999, window_days)


UPLOADS, LATENCY, PORTAL = (
    objective("uploads", "uploading"),
    objective("speed", "uploading"),
    objective("p", "portal", 7),
)


@pytest.fixture
def service(make_service: Callable[..., Service], tmp_path: Path) -> Service:
    """A service with one connection, whose clock is that of the documents of tests."""
    own = {"STATUS_PARTS": "uploading,portal,jobs", "DATABASE_POOL_SIZE": "1"}
    service = make_service(SURFACES="status", STATUS_FOLDER=str(tmp_path), **own)
    service.clock.now = NOW
    return service


def publication(service: Service, *objectives: Objective) -> Publication:
    context = service.app.context
    return Publication(context.status, context.incidents, objectives or (UPLOADS, LATENCY, PORTAL))


def count(service: Service, name: str, moments: Sequence[datetime], good: int, total: int) -> None:
    with service.database.transaction() as connection:
        for moment in moments:
            objective_minutes.add(connection, moment, {name: (good, total)})


def minutes_before(moment: datetime, number: int) -> list[datetime]:
    end = moment.replace(second=0, microsecond=0)
    return [end - timedelta(minutes=each) for each in range(1, number + 1)]


def days_of(document: StatusDocument, part: str) -> dict[date, DayRecord]:
    (found,) = [each for each in document.parts if each.name == part]
    return {record.day: record for record in found.days}


def test_every_carrier_receives_the_document(service: Service) -> None:
    count(service, "uploads", minutes_before(NOW, 5), 10, 10)
    assert publication(service).publish(NOW) == ["postgresql", "redis", "file"]
    bodies = [carrier.read() for carrier in service.app.context.status.carriers]
    assert bodies[0]
    assert bodies == [bodies[0]] * 3
    document = from_json(bodies[0])
    assert (document.written_at, document.is_complete) == (NOW, True)
    assert {part.name: part.state.value for part in document.parts} == {
        "uploading": "operational",
        "portal": "operational",
        "jobs": "unknown",
    }
    assert service.client.get("/status/en").status_code == 200


def test_a_new_installation_has_no_data(service: Service) -> None:
    publication(service).publish(NOW)
    document = service.app.context.status.document(NOW)
    assert document
    assert {part.state for part in document.parts} == {PartState.UNKNOWN}
    assert [each.achieved for each in document.objectives] == [None, None, None]


def test_a_table_that_is_missing_is_no_outage(service: Service) -> None:
    with without_table(service, "status_days"), pytest.raises(ProgrammingError):
        publication(service).publish(NOW)


def test_today_counts_until_now_by_the_calendar_of_the_time_zone(service: Service) -> None:
    midnight = start_of_day(TODAY, TORONTO)
    assert midnight.hour == 5
    count(service, "uploads", minutes_before(midnight, 4), 0, 10)
    count(service, "uploads", [midnight + timedelta(minutes=each) for each in range(6)], 10, 10)
    days = days_of(publication(service).measure(NOW), "uploading")
    assert days[TODAY] == DayRecord(TODAY, PartState.OPERATIONAL, 6, 6)
    yesterday = TODAY - timedelta(days=1)
    assert days[yesterday] == DayRecord(yesterday, PartState.OUTAGE, 0, 4)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 11, 1), 25), (date(2026, 3, 8), 23), (TODAY, 24)])
def test_a_day_on_which_clocks_change_is_longer_or_shorter(day: date, hours: int) -> None:
    assert start_of_day(day + timedelta(days=1), TORONTO) - start_of_day(day, TORONTO) == timedelta(hours=hours)


def test_a_day_is_computed_once_an_hour_after_it_has_ended(service: Service) -> None:
    midnight, yesterday = start_of_day(TODAY, TORONTO), TODAY - timedelta(days=1)
    late = minutes_before(midnight, 10)
    count(service, "uploads", late, 10, 10)
    assert (
        days_of(publication(service).measure(midnight + timedelta(minutes=59)), "uploading")[yesterday].good_minutes
        == 10
    )
    # What is counted late, within the hour, belongs to the day.
    count(service, "uploads", late[:5], 0, 90)
    after = publication(service).measure(midnight + timedelta(minutes=61))
    expected = DayRecord(yesterday, PartState.OUTAGE, 5, 10)
    assert days_of(after, "uploading")[yesterday] == expected
    with service.database.session() as session:  # of another worker, which has computed the day at once
        other = DayRecord(yesterday, PartState.UNKNOWN)
        stored_days.add(session, yesterday, {"uploading": other}, {"uploads": Counts(0, 0)})
    # Afterwards the record is kept, whatever happens to the minutes.
    service.execute("DELETE FROM objective_minutes")
    assert days_of(publication(service).measure(NOW), "uploading")[yesterday] == expected


def test_recorded_days_are_not_counted_again(service: Service) -> None:
    publisher = publication(service)
    for _ in range(10):
        publisher.measure(NOW)
    assert service.rows("SELECT count(DISTINCT day) FROM status_days") == [(89,)]
    statements: list[str] = []
    between = objective_minutes.between

    def noting(connection: object, begin: datetime, end: datetime) -> object:
        statements.append(f"{begin:%d %H:%M} {end:%d %H:%M}")
        return between(connection, begin, end)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objective_minutes, "between", noting)
        publisher.measure(NOW)
    assert len(days_of(publisher.measure(NOW), "portal")) == 90
    assert statements == ["27 05:00 28 05:00", "27 20:22 27 20:32"]


def test_old_days_are_deleted(service: Service) -> None:
    long_ago = TODAY - timedelta(days=95)
    service.execute("INSERT INTO status_days VALUES (:day, 'portal', 'outage', 1, 2)", day=long_ago)
    service.execute("INSERT INTO status_objective_days VALUES (:day, 'p', 1, 2)", day=long_ago)
    publication(service).measure(NOW)
    assert service.rows("SELECT count(*) FROM status_days WHERE day = :day", day=long_ago) == [(0,)]
    assert service.rows("SELECT count(*) FROM status_objective_days") == [(0,)]


def test_objectives_are_sums_of_the_days_of_their_window(service: Service) -> None:
    for days, bad in ((0, 1), (6, 2), (7, 4), (27, 8), (28, 16)):
        moment = [NOW.replace(second=0) - timedelta(days=days, minutes=1)]
        count(service, "uploads", moment, 1000 - bad, 1000)
        count(service, "p", moment, 1000 - bad, 1000)
    publisher = publication(service)
    for _ in range(9):
        publisher.measure(NOW)
    achieved = {each.name: each.counts for each in publisher.measure(NOW).objectives}
    assert (achieved["uploads"].bad, achieved["uploads"].total) == (1 + 2 + 4 + 8, 4000)
    assert (achieved["p"].bad, achieved["p"].total) == (1 + 2, 2000)


def test_totals_of_objectives_grow_in_steps_and_failures_one_by_one(service: Service) -> None:
    def published(good: int, total: int) -> tuple[int, int]:
        service.execute("DELETE FROM objective_minutes")
        count(service, "uploads", [NOW.replace(second=0) - timedelta(minutes=1)], good, total)
        (counts,) = (each.counts for each in publication(service).measure(NOW).objectives if each.name == "uploads")
        return counts.bad, counts.total

    assert [published(total, total) for total in (19, 20, 39, 40)] == [(0, 0), (0, 20), (0, 20), (0, 40)]
    assert [published(40 - bad, 40) for bad in (1, 2, 40)] == [(1, 40), (2, 40), (40, 40)]
    assert published(3, 39) == (20, 20), "no more failed than there were"


def test_a_document_of_a_clock_that_was_ahead_is_replaced_in_the_database(service: Service) -> None:
    now = utc_now()
    carrier = DatabaseCarrier(service.database)
    carrier.write(now + timedelta(days=365), b"of a host with a wrong clock")
    publication(service).publish(now)
    body = carrier.read()
    assert body
    assert from_json(body).written_at == now.replace(microsecond=0)


def test_a_document_in_the_database_is_replaced_by_a_newer_one_only(service: Service) -> None:
    carrier, now = DatabaseCarrier(service.database), utc_now()
    for minutes, expected in ((-2, b"-2"), (-1, b"-1"), (-3, b"-1")):
        carrier.write(now + timedelta(minutes=minutes), str(minutes).encode())
        assert carrier.read() == expected


def test_parts_that_the_service_lacks_are_not_shown(service: Service) -> None:
    document = publication(service, UPLOADS, objective("sharing", "sharing")).measure(NOW)
    assert [part.name for part in document.parts] == ["uploading", "portal", "jobs"]
    assert [each.name for each in document.objectives] == ["uploads"]


def test_an_incident_is_published(service: Service) -> None:
    incidents = service.app.context.incidents
    number = incidents.open(Opening("Uploads fail", "Échec des envois", Impact.MAJOR, ("uploading",)), "team", NOW)
    publication(service).publish(NOW)
    text = service.client.get(f"/status/fr/incidents/{number}").text
    assert "Échec des envois" in text
    document = service.app.context.status.document(NOW)
    assert document
    assert document.state is PartState.OUTAGE


def test_planned_work_is_published_while_it_lasts_and_until_it_is_withdrawn(service: Service) -> None:
    register = service.app.context.status.planned_work
    titles = {"en": "Upgrade", "fr": "Mise à niveau"}
    day = timedelta(days=1)
    later = register.announce(PlannedWork(0, titles, ("portal",), NOW + day, NOW + 2 * day, NOW))
    number = register.announce(PlannedWork(0, titles, ("portal",), NOW, NOW + timedelta(hours=1), NOW))
    document = publication(service).measure(NOW)
    assert [each.number for each in document.planned_work] == [number, later]
    assert document.planned_work[0].titles == titles
    assert {part.name: part.state.value for part in document.parts}["portal"] == "planned"
    count(service, "p", minutes_before(NOW + timedelta(minutes=10), 10), 0, 5)
    during = publication(service).measure(NOW + timedelta(minutes=10))
    assert days_of(during, "portal")[TODAY] == DayRecord(TODAY, PartState.PLANNED, 0, 0)
    register.withdraw(number, NOW)
    document = publication(service).measure(NOW)
    assert [each.number for each in document.planned_work] == [later]


def test_work_that_is_withdrawn_while_it_lasts_has_ended_and_was_no_outage(service: Service) -> None:
    register = service.app.context.status.planned_work
    now, titles = NOW + timedelta(minutes=10), {"en": "Upgrade", "fr": "Mise à niveau"}
    number = register.announce(PlannedWork(0, titles, ("portal",), NOW, NOW + timedelta(hours=1), NOW))
    count(service, "p", minutes_before(now, 10), 0, 5)
    register.withdraw(number, now)
    document = publication(service).measure(now)
    assert [each.ends for each in document.planned_work] == [now]
    assert days_of(document, "portal")[TODAY] == DayRecord(TODAY, PartState.PLANNED, 0, 0)
    with pytest.raises(PlannedWorkRefusedError):
        register.withdraw(number, now)
