"""Folding finished minutes: what all processes counted becomes the counts of each objective.

Nothing is lost or counted twice, whenever a worker ends: increments stay in Redis until their counts are committed, and
the same transaction records the identifier of the claim, which a later run then only releases.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from redis import Redis

from app.database.database import Database
from app.domain.figure_alarms import count_series
from app.domain.objectives import SeriesKey
from app.domain.timeline import SECONDS_PER_MINUTE, minute_number
from app.measuring.flush import INTERVAL_SECONDS
from app.measuring.increments import LIFETIME_SECONDS, Claim, IncrementStore
from app.store import figure_readings, objective_minutes

RETENTION: Final = timedelta(days=90)
# After the end of a minute, for the last flush of each process. What arrives later is added by a later run.
_GRACE: Final = timedelta(seconds=INTERVAL_SECONDS / 2)
# How long a claim may be repeated: for as long as Redis may hold it, and with a margin for clocks.
_BATCH_RETENTION: Final = timedelta(seconds=4 * LIFETIME_SECONDS)

Count = Callable[[Mapping[SeriesKey, float]], Mapping[str, tuple[int, int]]]


def fold_minutes(database: Database, redis: Redis, count: Count, now: datetime) -> int:
    """Add the counts of finished minutes to those that are stored; return the number of hashes that were folded.

    `count` returns (good, total) of each objective from the increments of some events. Raises RedisError.
    """
    store = IncrementStore(redis)
    folded = sum(_fold(database, store, claim, count, now) for claim in store.claim_until(minute_number(now - _GRACE)))
    with database.transaction() as connection:
        objective_minutes.purge(connection, now - RETENTION)
        objective_minutes.purge_batches(connection, now - _BATCH_RETENTION)
    return folded


def _fold(database: Database, store: IncrementStore, claim: Claim, count: Count, now: datetime) -> bool:
    increments = store.read(claim)
    minute = datetime.fromtimestamp(claim.minute * SECONDS_PER_MINUTE, UTC)
    with database.transaction() as connection:
        is_new = bool(increments) and objective_minutes.record_batch(connection, claim.identifier, now)
        if is_new:
            objective_minutes.add(connection, minute, count(increments))
            figure_readings.add_counts(connection, minute, count_series(increments))
    store.release(claim)
    return is_new
