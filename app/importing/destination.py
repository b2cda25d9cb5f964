"""The destination of an import: how rows are written, how secrets are stored, and what is no longer kept.

Only this module, `published` and `settings_file` import from the rest of the application.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.config import SubmissionSettings
from app.crypto.sealing import SealingRing
from app.database.database import Database, allow_time
from app.database.errors import is_fault_of_setup, sqlstate
from app.domain.codes import normalise_code
from app.domain.errors import ExposureAlertError
from app.domain.timeline import HOURS_PER_DAY, day_number, midnight, oldest_usable_pair
from app.importing.errors import DestinationError
from app.store import export_archives

# Held while a batch is written: two concurrent imports must not both add the same difference to a figure.
_IMPORT_LOCK: Final = text(f"SELECT pg_advisory_xact_lock({0x696D706F7274})")  # "import"
_ADD_STALE_MARK: Final = text("""
    INSERT INTO imported_counters (ledger, figure, count) VALUES ('export_archives', 'stale', 1) ON CONFLICT DO NOTHING
""")
_DELETE_STALE_MARK: Final = text("DELETE FROM imported_counters WHERE ledger = 'export_archives'")
_FORGET_MARKS: Final = text("DELETE FROM imported_key_pairs; DELETE FROM imported_counters")


class _DryRunError(ExposureAlertError):
    """The transaction must be rolled back."""


@dataclass(frozen=True)
class Limits:
    """The oldest rows to import: older ones would be purged, and counted, a second time."""

    oldest_code: datetime
    oldest_pair: datetime
    oldest_outbreak: datetime
    first_hour: int

    @classmethod
    def at(cls, now: datetime, settings: SubmissionSettings) -> "Limits":
        """Return the limits of the purge at a time."""
        days = settings.max_diagnosis_key_retention_days
        first_day = day_number(now) - days
        return cls(
            oldest_code=now - settings.code_lifetime,
            oldest_pair=oldest_usable_pair(now, settings.encryption_key_validity_days),
            oldest_outbreak=datetime.fromtimestamp(first_day * HOURS_PER_DAY * 3600, midnight(now).tzinfo),
            first_hour=first_day * HOURS_PER_DAY,
        )


@dataclass(frozen=True)
class Destination:
    """The database and the sealing keys of this service."""

    database: Database
    ring: SealingRing
    limits: Limits
    dry_run: bool = False

    @contextmanager
    def transaction(self, *, long: bool = False) -> Iterator[Connection]:
        """Yield a connection in the transaction of one batch; a dry run rolls it back.

        `long` allows statements minutes instead of seconds.

        Raises DestinationError without the database's text, which may quote a row, and DBAPIError if the schema or the
        rights of the role are wrong: to import again would not help.
        """
        try:
            with suppress(_DryRunError), self.database.transaction() as connection:
                connection.execute(_IMPORT_LOCK)
                if long:
                    allow_time(connection)
                yield connection
                if self.dry_run:
                    raise _DryRunError
        except DBAPIError as error:
            if is_fault_of_setup(error):
                raise
            raise DestinationError(type(error.orig).__name__, sqlstate(error)) from None

    def forget_stale_archives(self) -> bool:
        """Discard all archives if rows were imported that belong in one; return whether they were discarded.

        The archive of a past day is otherwise never rebuilt.
        """
        with self.transaction() as connection:
            if not connection.execute(_DELETE_STALE_MARK).rowcount:
                return False
            export_archives.lock_builder(connection, wait=True)
            export_archives.clear(connection)
            return True


def mark_archives_stale(connection: Connection) -> None:
    """Record, in the transaction that stores them, that rows were imported which belong in archives.

    If this import is killed, the next one discards the archives.
    """
    connection.execute(_ADD_STALE_MARK)


def forget_marks(database: Database) -> None:
    """Delete the record of what was imported. A later import would count everything a second time."""
    with database.transaction() as connection:
        connection.execute(_FORGET_MARKS)


def stored_private_key(ring: SealingRing, private_key: bytes, public_key: bytes) -> bytes:
    """Return the stored form of a server private key."""
    return ring.seal(private_key, public_key)


def stored_code(ring: SealingRing, code: str | None) -> str | None:
    """Return the stored form of a one-time code."""
    return None if code is None else ring.stored_code(normalise_code(code))


def stored_hash_id(ring: SealingRing, hash_id: str | None) -> str | None:
    """Return the stored form of a hashID."""
    return None if hash_id is None else ring.stored_hash_id(hash_id)
