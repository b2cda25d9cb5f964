"""Which archive of a period is current, and until when it may be served."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import Connection, text


class ArchiveKind(Enum):
    """What archives hold. The value is stored."""

    KEYS = "keys"
    OUTBREAKS = "outbreaks"


@dataclass(frozen=True)
class ArchiveRecord:
    """A built archive.

    `name` is its file's, and its entity tag. `export_digest` is the digest of what it says, and `signer` names who
    signed it. `stored_rows` is how many rows stood in its window when it was last compared with them, at
    `checked_at`, and `built_for_day` the day that "today" was then.
    """

    kind: ArchiveKind
    period: int
    name: str
    size: int
    export_digest: str
    signer: str | None
    stored_rows: int
    built_for_day: int
    checked_at: datetime
    fresh_until: datetime

    def is_fresh(self, now: datetime) -> bool:
        """Tell whether it may be served at this moment."""
        return now < self.fresh_until


# Held by whoever builds: one at a time, whatever the number of workers and web processes.
_BUILDER_LOCK = 0x6172636869766573  # "archives"

_LOCK = text("SELECT pg_advisory_xact_lock(:lock)")
_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:lock)")
_COLUMNS = "kind, period, name, size, export_digest, signer, stored_rows, built_for_day, checked_at, fresh_until"
_FIND = text(f"SELECT {_COLUMNS} FROM export_archives WHERE kind = :kind AND period = :period")  # noqa: S608
_SAVE = text(f"""
    INSERT INTO export_archives ({_COLUMNS}) VALUES (
        :kind, :period, :name, :size, :export_digest, :signer, :stored_rows, :built_for_day, :checked_at, :fresh_until
    )
    ON CONFLICT (kind, period) DO UPDATE SET
        name = excluded.name, size = excluded.size, export_digest = excluded.export_digest,
        signer = excluded.signer, stored_rows = excluded.stored_rows, built_for_day = excluded.built_for_day,
        checked_at = excluded.checked_at, fresh_until = excluded.fresh_until
""")  # noqa: S608 - the columns are a constant
_NAMES = text("SELECT name FROM export_archives")
_SIZES = text("SELECT period, size FROM export_archives WHERE kind = :kind")
_DELETE_OTHERS = text("DELETE FROM export_archives WHERE kind = :kind AND period <> ALL (:periods)")
_CLEAR = text("DELETE FROM export_archives")
# A request waits for another builder for as long as a router waits for it, and not only as for a common statement.
_ALLOW_WAIT = text("SET LOCAL statement_timeout = '25s'; SET LOCAL lock_timeout = '25s'")


def lock_builder(connection: Connection, *, wait: bool) -> bool:
    """Become the builder until the transaction ends; without `wait`, return False if somebody else is."""
    if wait:
        connection.execute(_ALLOW_WAIT)
        connection.execute(_LOCK, {"lock": _BUILDER_LOCK})
        return True
    return bool(connection.execute(_TRY_LOCK, {"lock": _BUILDER_LOCK}).scalar_one())


def find(connection: Connection, kind: ArchiveKind, period: int) -> ArchiveRecord | None:
    """Return a period's archive, fresh or not."""
    row = connection.execute(_FIND, {"kind": kind.value, "period": period}).mappings().one_or_none()
    return ArchiveRecord(**{**row, "kind": kind}) if row else None


def save(connection: Connection, record: ArchiveRecord) -> None:
    """Make an archive the current one of its period."""
    connection.execute(_SAVE, vars(record) | {"kind": record.kind.value})


def names(connection: Connection) -> set[str]:
    """Return the names of all current archives."""
    return set(connection.execute(_NAMES).scalars())


def sizes(connection: Connection, kind: ArchiveKind) -> dict[int, int]:
    """Return how many bytes each period's archive has; of periods for which none is built, nothing."""
    return {row.period: row.size for row in connection.execute(_SIZES, {"kind": kind.value})}


def delete_others(connection: Connection, kind: ArchiveKind, periods: list[int]) -> None:
    """Forget the archives of periods that are served no more."""
    connection.execute(_DELETE_OTHERS, {"kind": kind.value, "periods": periods})


def clear(connection: Connection) -> None:
    """Forget every archive, so that each is built anew."""
    connection.execute(_CLEAR)
