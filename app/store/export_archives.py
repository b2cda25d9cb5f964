"""The current archive of each period, and until when it may be served."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

from app.database.clock_check import TOLERANCE_SECONDS
from app.database.database import allow_time
from app.domain.exports import ArchiveKind

_UNKNOWN_TO_EARLIER_VERSIONS: Final = -1  # not a number of rows, so that they build the archive


@dataclass(frozen=True)
class ArchiveRecord:
    """A built archive.

    `name` is the name of its file and its entity tag. `export_digest` is the digest of export.bin, and `signer`
    identifies the signing key. `source_version` is the version of the rows in its window when it was last compared with
    them, at `checked_at`; `built_for_day` is the day number at that time.
    """

    kind: ArchiveKind
    period: int
    name: str
    size: int
    export_digest: str
    signer: str | None
    source_version: int | None
    built_for_day: int
    checked_at: datetime
    fresh_until: datetime

    def expiry(self, max_age: timedelta) -> datetime:
        """Return until when (exclusive) the archive may be served, if archives may have this age."""
        return min(self.fresh_until, self.checked_at + max_age)

    def is_fresh(self, now: datetime, max_age: timedelta) -> bool:
        """Return whether the archive may be served at this moment."""
        return was_checked(self.checked_at, now) and now < self.expiry(max_age)


def was_checked(checked_at: datetime, now: datetime) -> bool:
    """Return whether an archive was checked in the past.

    If not, the clock of the host that checked it, or of this one, is or was wrong. When it is due is then unknown.
    """
    return checked_at - timedelta(seconds=TOLERANCE_SECONDS) <= now


# Held by the process that builds: one at a time, however many workers and web processes there are.
_BUILDER_LOCK = 0x6172636869766573  # "archives"
# Held by the process that stores archives for a CDN.
_PUBLISHING_LOCK = 0x646F776E6C6F6164  # "download"

_LOCK = text("SELECT pg_advisory_xact_lock(:lock)")
_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:lock)")
_COLUMNS = "kind, period, name, size, export_digest, signer, source_version, built_for_day, checked_at, fresh_until"
_FIND = text(f"SELECT {_COLUMNS} FROM export_archives WHERE kind = :kind AND period = :period")  # noqa: S608
_SAVE = text(f"""
    INSERT INTO export_archives ({_COLUMNS}, stored_rows) VALUES (
        :kind, :period, :name, :size, :export_digest, :signer, :source_version, :built_for_day, :checked_at,
        :fresh_until, {_UNKNOWN_TO_EARLIER_VERSIONS}
    )
    ON CONFLICT (kind, period) DO UPDATE SET
        name = excluded.name, size = excluded.size, export_digest = excluded.export_digest,
        signer = excluded.signer, source_version = excluded.source_version, stored_rows = excluded.stored_rows,
        built_for_day = excluded.built_for_day, checked_at = excluded.checked_at, fresh_until = excluded.fresh_until
""")  # noqa: S608 - the columns are a constant
_NAMES = text("SELECT name FROM export_archives")
_SIZES = text("SELECT period, size FROM export_archives WHERE kind = :kind")
_NEWEST = text("SELECT max(checked_at) FROM export_archives")
_DELETE_OTHERS = text("DELETE FROM export_archives WHERE kind = :kind AND period <> ALL (:periods)")
_CLEAR = text("DELETE FROM export_archives")
# A request waits for another builder almost as long as a router waits for the request, not only for the usual timeout.
_WAIT_SECONDS: Final = 25


def lock_builder(connection: Connection, *, wait: bool) -> bool:
    """Acquire the builder's lock until the transaction ends; without `wait`, return False if it is taken."""
    if wait:
        allow_time(connection, _WAIT_SECONDS, also_for_locks=True)
        connection.execute(_LOCK, {"lock": _BUILDER_LOCK})
        return True
    return bool(connection.execute(_TRY_LOCK, {"lock": _BUILDER_LOCK}).scalar_one())


def lock_publishing(connection: Connection) -> bool:
    """Acquire the lock of storing downloads until the transaction ends; return False if it is taken."""
    return bool(connection.execute(_TRY_LOCK, {"lock": _PUBLISHING_LOCK}).scalar_one())


def find(connection: Connection, kind: ArchiveKind, period: int) -> ArchiveRecord | None:
    """Return the archive of a period, even if it is stale, or None."""
    row = connection.execute(_FIND, {"kind": kind.value, "period": period}).mappings().one_or_none()
    return ArchiveRecord(**{**row, "kind": kind}) if row else None


def save(connection: Connection, record: ArchiveRecord) -> None:
    """Store an archive as the current one of its period."""
    connection.execute(_SAVE, vars(record) | {"kind": record.kind.value})


def newest(connection: Connection) -> datetime | None:
    """Return when an archive was last compared with the stored rows, or None if there is none."""
    moment: datetime | None = connection.execute(_NEWEST).scalar_one()
    return moment


def names(connection: Connection) -> set[str]:
    """Return the names of all current archives."""
    return set(connection.execute(_NAMES).scalars())


def sizes(connection: Connection, kind: ArchiveKind) -> dict[int, int]:
    """Return the size in bytes of each built archive, by period."""
    return {row.period: row.size for row in connection.execute(_SIZES, {"kind": kind.value})}


def delete_others(connection: Connection, kind: ArchiveKind, periods: list[int]) -> None:
    """Delete the records of all other periods."""
    connection.execute(_DELETE_OTHERS, {"kind": kind.value, "periods": periods})


def clear(connection: Connection) -> None:
    """Delete all records, so that every archive is rebuilt."""
    connection.execute(_CLEAR)
