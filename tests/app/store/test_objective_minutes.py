"""Counts of objectives by minute: they add up, and a batch is added once."""

from datetime import UTC, datetime, timedelta

from app.domain.objectives import Counts, MinuteCounts
from app.domain.objectives.evaluation import sum_windows
from app.store import objective_minutes
from tests.support.service import Service

MINUTE = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
NEXT = MINUTE + timedelta(minutes=1)


def test_counts_of_a_minute_are_added(service: Service) -> None:
    with service.database.transaction() as connection:
        objective_minutes.add(connection, MINUTE, {"codes": (9, 10), "claims": (1, 1)})
        objective_minutes.add(connection, MINUTE, {"codes": (1, 2)})
        objective_minutes.add(connection, NEXT, {"codes": (5, 5)})
        objective_minutes.add(connection, NEXT, {})
        found = objective_minutes.between(connection, MINUTE, NEXT + timedelta(minutes=1))
    assert found == {
        "codes": [MinuteCounts(MINUTE, 10, 12), MinuteCounts(NEXT, 5, 5)],
        "claims": [MinuteCounts(MINUTE, 1, 1)],
    }


def test_the_end_of_a_period_is_excluded(service: Service) -> None:
    with service.database.transaction() as connection:
        objective_minutes.add(connection, MINUTE, {"codes": (1, 1)})
        objective_minutes.add(connection, NEXT, {"codes": (2, 2)})
        assert objective_minutes.between(connection, MINUTE, NEXT) == {"codes": [MinuteCounts(MINUTE, 1, 1)]}


def test_a_batch_is_recorded_once(service: Service) -> None:
    with service.database.transaction() as connection:
        assert objective_minutes.record_batch(connection, "a" * 32, MINUTE)
        assert not objective_minutes.record_batch(connection, "a" * 32, NEXT)
        assert objective_minutes.record_batch(connection, "b" * 32, NEXT)


def test_what_is_older_is_purged(service: Service) -> None:
    with service.database.session() as session:
        objective_minutes.add(session, MINUTE, {"codes": (1, 1)})
        objective_minutes.add(session, NEXT, {"codes": (2, 2)})
        objective_minutes.record_batch(session, "a" * 32, MINUTE)
        objective_minutes.record_batch(session, "b" * 32, NEXT)
        objective_minutes.purge(session, NEXT)
        objective_minutes.purge_batches(session, NEXT)
        kept = objective_minutes.between(session, MINUTE, NEXT + timedelta(minutes=1))
        assert kept == {"codes": [MinuteCounts(NEXT, 2, 2)]}
        assert objective_minutes.record_batch(session, "a" * 32, NEXT)
        assert not objective_minutes.record_batch(session, "b" * 32, NEXT)


def test_windows_are_added_up_as_the_evaluation_does(service: Service) -> None:
    windows = (5, 60, 4320)
    minutes = [NEXT - timedelta(minutes=ago) for ago in (-1, 0, 1, 5, 6, 60, 61, 4320, 4321)]
    counts = {minute: (number, 2 * number + 1) for number, minute in enumerate(minutes)}
    with service.database.transaction() as connection:
        for minute, count in counts.items():
            objective_minutes.add(connection, minute, {"codes": count})
        objective_minutes.add(connection, minutes[-1], {"old": (1, 1)})
        objective_minutes.add(connection, minutes[4], {"claims": (3, 4)})
        found = objective_minutes.sums(connection, windows, NEXT + timedelta(seconds=40))
    expected = sum_windows([MinuteCounts(minute, *count) for minute, count in counts.items()], windows, NEXT)
    assert found == {"codes": expected, "claims": {60: Counts(3, 4), 4320: Counts(3, 4)}}
