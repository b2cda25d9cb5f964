"""Counters of events, of uploads, and of the time from code to claim (sections K and L).

Requests append rows and never update one, so they do not wait for each other. `roll_up` replaces rows by their sums.
A figure is the sum of its rows at any time.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, TextClause, text

# Rows are inserted by the statements that are counted: see `codes`, `claims`, `uploads` and `key_pairs`.

_EVENTS = text("""
    SELECT source, identifier, sum(count)::integer AS count FROM events
    WHERE date = :date AND device_type = 'Server' GROUP BY source, identifier ORDER BY source, identifier
""")
_UPLOADS = text("""
    SELECT originator AS source, count, first_upload FROM tek_upload_count, generate_series(1, uploads)
    WHERE date = :date ORDER BY originator, id
""")
_DURATIONS = text("""
    SELECT originator AS source, hours, sum(count)::integer AS count FROM otk_life_duration
    WHERE date = :date GROUP BY originator, hours ORDER BY originator, hours
""")

# Sums with the most rows come first. A run writes at most one sum for every twenty rows, so each run leaves fewer rows,
# even in a table with a million rows of the public server.
_ROLL_UP = """
    WITH summed AS (
        DELETE FROM {table} WHERE id IN (
            SELECT id FROM {table} WHERE ({columns}) IN (
                SELECT {columns} FROM {table} GROUP BY {columns} HAVING count(*) > 1 ORDER BY count(*) DESC LIMIT :sums
            )
            LIMIT :rows FOR UPDATE SKIP LOCKED
        )
        RETURNING {columns}, {figure}
    ),
    stored AS (
        INSERT INTO {table} ({columns}, {figure}) SELECT {columns}, sum({figure}) FROM summed GROUP BY {columns}
    )
    SELECT count(*) FROM summed
"""
ROLL_UPS = tuple(
    text(_ROLL_UP.format(table=table, columns=columns, figure=figure))
    for table, columns, figure in (
        ("events", "source, identifier, device_type, date", "count"),
        ("otk_life_duration", "originator, hours, date", "count"),
        ("tek_upload_count", "originator, date, count, first_upload", "uploads"),
    )
)


@dataclass(frozen=True)
class EventCount:
    """How often an event occurred on a day, by source."""

    source: str
    identifier: str
    count: int


@dataclass(frozen=True)
class UploadCount:
    """One upload of a day: its source, how many new keys it had, and whether it was the first of its key pair."""

    source: str
    count: int
    first_upload: bool


@dataclass(frozen=True)
class ClaimDelay:
    """How many codes were claimed on a day within so many hours of being issued, by source."""

    source: str
    hours: int
    count: int


def events_of(connection: Connection, day: date) -> list[EventCount]:
    """Return the day's events that servers counted, by source and identifier."""
    return [EventCount(*row) for row in connection.execute(_EVENTS, {"date": day})]


def uploads_of(connection: Connection, day: date) -> list[UploadCount]:
    """Return the day's uploads, one row for each."""
    return [UploadCount(*row) for row in connection.execute(_UPLOADS, {"date": day})]


def durations_of(connection: Connection, day: date) -> list[ClaimDelay]:
    """Return how long the codes claimed on the day had existed, by source and hours."""
    return [ClaimDelay(*row) for row in connection.execute(_DURATIONS, {"date": day})]


def roll_up(connection: Connection, statement: TextClause, rows: int) -> bool:
    """Replace up to `rows` rows that count the same thing by their sums; return whether there may be more."""
    rolled_up: int = connection.execute(statement, {"rows": rows, "sums": -(-rows // 20)}).scalar_one()
    return rolled_up == rows
