"""The states of parts, their records by day, and objectives."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.incidents.states import Impact, State
from app.domain.objectives import Counts, MinuteCounts
from app.domain.status import (
    DayRecord,
    ObjectiveRecord,
    PartState,
    PlannedWork,
    current_state,
    last_minutes,
    record_day,
    state_of_counts,
    state_of_incident,
    worst,
)
from tests.support.status import ongoing

MIDNIGHT = datetime(2026, 3, 18, tzinfo=UTC)
DAY = MIDNIGHT.date()


def minutes(*counts: tuple[int, int], begin: datetime = MIDNIGHT) -> list[MinuteCounts]:
    return [MinuteCounts(begin + timedelta(minutes=n), good, total) for n, (good, total) in enumerate(counts)]


def work(begin: datetime, end: datetime) -> PlannedWork:
    return PlannedWork(1, {"en": "Work", "fr": "Travaux"}, ("portal",), begin, end, begin)


@pytest.mark.parametrize(
    ("good", "total", "state"),
    [
        (0, 0, PartState.UNKNOWN),
        (100, 100, PartState.OPERATIONAL),
        (95, 100, PartState.OPERATIONAL),
        (94, 100, PartState.DEGRADED),
        (51, 100, PartState.DEGRADED),
        (50, 100, PartState.OUTAGE),
        (0, 1, PartState.OUTAGE),
    ],
)
def test_the_share_of_failures_is_the_state(good: int, total: int, state: PartState) -> None:
    assert state_of_counts(good, total) is state


def test_the_worst_state_counts_and_no_data_counts_least() -> None:
    assert worst([PartState.UNKNOWN, PartState.OPERATIONAL]) is PartState.OPERATIONAL
    assert worst([PartState.PLANNED, PartState.DEGRADED, PartState.OPERATIONAL]) is PartState.DEGRADED
    assert worst([PartState.OUTAGE, PartState.DEGRADED]) is PartState.OUTAGE
    assert worst([]) is PartState.UNKNOWN


@pytest.mark.parametrize(
    ("objectives", "state"),
    [
        ([[(10, 10), (10, 10)]], PartState.OPERATIONAL),
        ([[(0, 1)]], PartState.OPERATIONAL),  # a single failure at night
        ([[(0, 1), (0, 1)]], PartState.OUTAGE),
        ([[(8, 10), (9, 10)]], PartState.DEGRADED),
        ([[(10, 10)], [(0, 10)]], PartState.OUTAGE),
        ([[], [(10, 10)]], PartState.OPERATIONAL),
        ([[], []], PartState.UNKNOWN),
    ],
)
def test_the_current_state_is_that_of_the_worst_objective(
    objectives: list[list[tuple[int, int]]], state: PartState
) -> None:
    assert current_state([minutes(*each) for each in objectives]) is state


def test_only_the_last_minutes_determine_the_current_state() -> None:
    known = minutes(*[(1, 1)] * 60)
    now = MIDNIGHT + timedelta(minutes=60, seconds=5)
    shown = [each.minute for each in last_minutes(known, now)]
    assert shown == [MIDNIGHT + timedelta(minutes=each) for each in range(54, 60)]
    assert last_minutes(known, MIDNIGHT - timedelta(minutes=1)) == []


def record(*objectives: Sequence[MinuteCounts], planned: Sequence[PlannedWork] = ()) -> DayRecord:
    return record_day(DAY, objectives, planned)


def test_a_day_counts_minutes_without_disruption() -> None:
    found = record(minutes(*[(10, 10)] * 7, (5, 10), (0, 0), (9, 10)))
    assert found == DayRecord(DAY, PartState.OPERATIONAL, 7, 9)
    assert found.share == pytest.approx(7 / 9)


def test_a_day_without_events_has_no_data() -> None:
    assert record([]) == DayRecord(DAY, PartState.UNKNOWN)
    assert record(minutes((0, 0))).share is None


@pytest.mark.parametrize(
    ("bad", "state"),
    [
        ([(0, 1)] * 2, PartState.OPERATIONAL),
        ([(0, 1)] * 3, PartState.OUTAGE),
        ([(8, 10)] * 3, PartState.DEGRADED),
        ([(0, 1)] * 2 + [(8, 10)], PartState.DEGRADED),
    ],
)
def test_a_state_must_last_three_minutes_of_a_day(bad: list[tuple[int, int]], state: PartState) -> None:
    assert record(minutes(*[(10, 10)] * 20, *bad)).state is state


def test_a_minute_has_the_state_of_its_worst_objective() -> None:
    assert record(minutes(*[(10, 10)] * 5), minutes(*[(0, 10)] * 5)) == DayRecord(DAY, PartState.OUTAGE, 0, 5)


def test_planned_work_is_neither_an_outage_nor_measured() -> None:
    planned = [work(MIDNIGHT, MIDNIGHT + timedelta(minutes=5))]
    assert record(minutes(*[(0, 1)] * 5, *[(1, 1)] * 5), planned=planned) == DayRecord(DAY, PartState.PLANNED, 5, 5)
    # What fails after it does so unannounced.
    assert record(minutes(*[(0, 1)] * 10), planned=planned) == DayRecord(DAY, PartState.OUTAGE, 0, 5)
    # Minutes in which nothing failed are good ones.
    assert record(minutes(*[(1, 1)] * 5), planned=planned) == DayRecord(DAY, PartState.OPERATIONAL, 5, 5)


def test_work_that_is_announced_late_excuses_nothing_before() -> None:
    late = replace(work(MIDNIGHT, MIDNIGHT + timedelta(minutes=10)), announced=MIDNIGHT + timedelta(minutes=4))
    assert record(minutes(*[(0, 1)] * 10), planned=[late]) == DayRecord(DAY, PartState.OUTAGE, 0, 4)


def test_an_incident_has_a_state() -> None:
    incident = ongoing()
    assert state_of_incident(incident) is PartState.OUTAGE
    assert state_of_incident(replace(incident, state=State.MITIGATED)) is PartState.DEGRADED
    assert state_of_incident(replace(incident, impact=Impact.MINOR)) is PartState.DEGRADED


@pytest.mark.parametrize(
    ("counts", "left"),
    [(Counts(1000, 1000), 1.0), (Counts(999, 1000), 0.9), (Counts(990, 1000), 0.0), (Counts(980, 1000), -1.0)],
)
def test_the_budget_is_what_may_still_fail(counts: Counts, left: float) -> None:
    assert ObjectiveRecord("name", "portal", {}, 0.99, 28, counts).budget_left == pytest.approx(left)


def test_without_events_nothing_is_achieved_or_missed() -> None:
    unmeasured = ObjectiveRecord("name", "portal", {}, 0.99, 28, Counts(0, 0))
    assert (unmeasured.achieved, unmeasured.budget_left) == (None, None)
