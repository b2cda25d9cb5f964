"""Mixing stored rows, so that the database does not show which keys came in one upload, or from which key pair.

An upload stores its keys and charges its key pair in one transaction: an acknowledged upload is never lost, and a quota
is exact. PostgreSQL notes this transaction in each row (`xmin`), and puts new rows next to each other. Until the keys
are mixed, both show which keys belong together, and to which pair. Mixing rewrites all keys of an hour of publication
together, in the order of their data, and then the key pairs together. See ADR 0020.
"""

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from app.database.database import Database, allow_time
from app.store import diagnosis_keys, key_pairs, mixing_lock

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mixed:
    """How many keys and key pairs were rewritten."""

    diagnosis_keys: int
    key_pairs: int


def mix_stored_rows(database: Database) -> Mixed:
    """Mix the keys that are not mixed yet, and key pairs; return how many rows were rewritten.

    Each hour of publication, and the key pairs, are a transaction of their own.
    """
    with database.transaction() as connection:
        allow_time(connection)
        hours = diagnosis_keys.unmixed_hours(connection)
    keys = sum(_mix(database, functools.partial(diagnosis_keys.mix, hour=hour)) for hour in hours)
    mixed = Mixed(keys, _mix(database, key_pairs.mix))
    _logger.info("stored rows mixed", extra=vars(mixed))
    return mixed


def _mix(database: Database, rewrite: Callable[[Connection], int]) -> int:
    with database.transaction() as connection:
        allow_time(connection, also_for_locks=True)  # another process may be mixing
        mixing_lock.acquire(connection)
        return rewrite(connection)
