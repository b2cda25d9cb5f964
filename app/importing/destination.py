"""This service as an import sees it: how to write to it, how it stores secrets, and what it no longer keeps.

All that the package takes from the rest of the application is taken here, and in `settings_file`.
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
from app.domain.codes import normalise_code
from app.domain.errors import ExposureAlertError
from app.domain.timeline import HOURS_PER_DAY, day_number, midnight, oldest_usable_pair
from app.importing.errors import DestinationError
from app.store import export_archives

# Held while a batch is written: two imports at once must not both add the same difference to a figure.
_IMPORT_LOCK: Final = text(f"SELECT pg_advisory_xact_lock({0x696D706F7274})")  # "import"
_ADD_STALE_MARK: Final = text("""
    INSERT INTO imported_counters (ledger, figure, count) VALUES ('export_archives', 'stale', 1) ON CONFLICT DO NOTHING
""")
_DELETE_STALE_MARK: Final = text("DELETE FROM imported_counters WHERE ledger = 'export_archives'")
_FORGET_MARKS: Final = text("DELETE FROM imported_key_pairs; DELETE FROM imported_counters")


class _DryRunError(ExposureAlertError):
    """The transaction is to be rolled back."""


@dataclass(frozen=True)
class Limits:
    """What has to be newer than these: older rows would be deleted, and counted, a second time here."""

    oldest_code: datetime
    oldest_pair: datetime
    oldest_outbreak: datetime
    first_hour: int

    @classmethod
    def at(cls, now: datetime, settings: SubmissionSettings) -> "Limits":
        """Return the limits of the purge at a moment."""
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
        """Lend a connection in a transaction of one batch; a dry run rolls it back at the end.

        `long` allows its statements minutes instead of the seconds that a batch needs.

        Raises DestinationError: what the database itself says of an error may show a row.
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
            raise DestinationError(type(error.orig).__name__, getattr(error.orig, "pgcode", None)) from None

    def forget_stale_archives(self) -> bool:
        """Have every archive built again, if something came that belongs into one; return whether that was so.

        The archive of a past day never gains a key by itself.
        """
        with self.transaction() as connection:
            if not connection.execute(_DELETE_STALE_MARK).rowcount:
                return False
            export_archives.lock_builder(connection, wait=True)
            export_archives.clear(connection)
            return True


def mark_archives_stale(connection: Connection) -> None:
    """Remember, in the transaction that stores it, that something came which belongs into archives.

    So the next import knows of it when this one is killed before its end.
    """
    connection.execute(_ADD_STALE_MARK)


def forget_marks(database: Database) -> None:
    """Delete the marks of what was imported. An import after this would count everything a second time."""
    with database.transaction() as connection:
        connection.execute(_FORGET_MARKS)


def stored_private_key(ring: SealingRing, private_key: bytes, public_key: bytes) -> bytes:
    """Return what is stored of a server private key."""
    return ring.seal(private_key, public_key)


def stored_code(ring: SealingRing, code: str | None) -> str | None:
    """Return what is stored of a one-time code."""
    return None if code is None else ring.stored_code(normalise_code(code))


def stored_hash_id(ring: SealingRing, hash_id: str | None) -> str | None:  # noqa: ARG001
    """Return what is stored of a hashID."""
    return hash_id
