"""Deleting data whose retention has ended (section M)."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from app.config import SubmissionSettings
from app.database.database import Database
from app.domain.limits import BUNDLE_DAYS
from app.domain.timeline import HOURS_PER_DAY, MINUTES_PER_HOUR, day_number, midnight, oldest_usable_pair
from app.store import claim_attempts, diagnosis_keys, key_changes, key_pairs, outbreak_events

_logger = logging.getLogger(__name__)

# The maximum number of rows that one statement deletes, so that locks are held only briefly.
BATCH_ROWS: Final = 5_000


@dataclass(frozen=True)
class _Step:
    name: str
    delete_batch: Callable[[Connection], int]  # returns the number of deleted rows


def purge(
    database: Database, settings: SubmissionSettings, now: datetime, batch: int = BATCH_ROWS
) -> Mapping[str, int | None]:
    """Delete all expired data; return the number of deleted rows by step, None for a step that failed.

    Steps run in the protocol's order (rule 98). Each statement is a transaction of its own, which also counts what it
    deletes. A failed step is logged, and the others are run (rule 97). Purges may run concurrently.
    """
    deleted: dict[str, int | None] = {}
    for step in _steps(settings, now, batch):
        try:
            deleted[step.name] = _delete_all(database, step, batch)
        except Exception:
            _logger.exception("purge step failed", extra={"step": step.name})
            deleted[step.name] = None
    _logger.info("purge finished", extra=deleted)
    return deleted


def _steps(settings: SubmissionSettings, now: datetime, batch: int) -> list[_Step]:
    run = key_pairs.PurgeRun(now, batch, settings.initial_remaining_keys)
    oldest_code = now - settings.code_lifetime
    oldest_pair = oldest_usable_pair(now, settings.encryption_key_validity_days)
    first_hour = (day_number(now) - settings.max_diagnosis_key_retention_days) * HOURS_PER_DAY
    oldest_outbreak = midnight(now) - timedelta(days=settings.max_diagnosis_key_retention_days)
    ban_start, first_hour_of_ban = settings.ban_policy.window_start(now), settings.ban_policy.first_hour(now)
    first_minute = first_hour_of_ban * MINUTES_PER_HOUR
    oldest_change = day_number(now) - BUNDLE_DAYS - 1
    return [
        _Step("diagnosis_keys", lambda connection: diagnosis_keys.purge(connection, first_hour, batch)),
        _Step("unclaimed_codes", lambda connection: key_pairs.purge_unclaimed(connection, run, oldest_code)),
        _Step("expired_pairs", lambda connection: key_pairs.purge_expired(connection, run, oldest_pair)),
        _Step("exhausted_pairs", lambda connection: key_pairs.purge_exhausted(connection, run)),
        _Step("claim_attempts", lambda connection: claim_attempts.purge(connection, ban_start, batch)),
        _Step("claim_hours", lambda connection: claim_attempts.purge_hours(connection, first_hour_of_ban, batch)),
        _Step("claim_minutes", lambda connection: claim_attempts.purge_minutes(connection, first_minute, batch)),
        _Step("key_changes", lambda connection: key_changes.purge(connection, oldest_change, batch)),
        _Step("outbreak_events", lambda connection: outbreak_events.purge(connection, oldest_outbreak, batch)),
    ]


def _delete_all(database: Database, step: _Step, batch: int) -> int:
    total = 0
    while True:
        with database.autocommit() as connection:
            deleted = step.delete_batch(connection)
        total += deleted
        if deleted < batch:
            return total
