"""Counts of objectives by minute: they add up, and a batch is added once."""

from datetime import UTC, datetime, timedelta

from app.domain.objectives import MinuteCounts
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
