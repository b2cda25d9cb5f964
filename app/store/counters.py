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
_EVENTS_BETWEEN = text("""
    SELECT date, source, identifier, sum(count)::integer AS count FROM events
    WHERE date BETWEEN :first AND :last AND device_type = 'Server' GROUP BY date, source, identifier
""")
_UPLOADS = text("""
    SELECT originator AS source, count, first_upload FROM tek_upload_count, generate_series(1, uploads)
    WHERE date = :date ORDER BY originator, id
""")
_DURATIONS = text("""
    SELECT originator AS source, hours, sum(count)::integer AS count FROM otk_life_duration
    WHERE date = :date GROUP BY originator, hours ORDER BY originator, hours
""")

_FIRST_DAY = text("""
    SELECT least(
        (SELECT min(date) FROM events WHERE device_type = 'Server'),
        (SELECT min(date) FROM tek_upload_count), (SELECT min(date) FROM otk_life_duration)
    )
""")

# All rows of a day are written together and in the order of what they count, so that neither a row's transaction nor
# its id identifies the request that it counts, even if there was only one. A sum that another worker has locked is left
# alone: the day then has two sums of the same thing until its next request.
_ROLL_UP = """
    WITH batch AS MATERIALIZED (
        SELECT id FROM {table} WHERE NOT rolled_up ORDER BY {day} LIMIT :rows FOR UPDATE SKIP LOCKED
    ),
    appended AS (
        DELETE FROM {table} WHERE id IN (SELECT id FROM batch)
        RETURNING {columns}, {figure}
    ),
    sums AS (
        DELETE FROM {table} WHERE id IN (
            SELECT id FROM {table} WHERE rolled_up AND {day} IN (SELECT {day} FROM appended) FOR UPDATE SKIP LOCKED
        )
        RETURNING {columns}, {figure}
    ),
    stored AS (
        INSERT INTO {table} ({columns}, {figure}, rolled_up)
        SELECT {columns}, sum({figure}), true FROM (SELECT * FROM appended UNION ALL SELECT * FROM sums) AS counted
        GROUP BY {columns} ORDER BY {columns}
    )
    SELECT count(*) FROM appended
"""
ROLL_UPS = tuple(
    text(_ROLL_UP.format(table=table, columns=columns, figure=figure, day=day))
    for table, columns, figure, day in (
        ("events", "source, identifier, device_type, date", "count", "date"),
        ("otk_life_duration", "originator, hours, date", "count", "date"),
        ("tek_upload_count", "originator, date, count, first_upload", "uploads", "date"),
        ("diagnosis_key_changes", "day", "changes", "day"),
    )
)


@dataclass(frozen=True)
class EventCount:
    """How often an event occurred on a day, by source."""

    source: str
    identifier: str
    count: int


@dataclass(frozen=True)
class DailyEventCount:
    """How often an event occurred on a day, by source."""

    day: date
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


def events_between(connection: Connection, first: date, last: date) -> list[DailyEventCount]:
    """Return the events of several days that servers counted, by day, source and identifier."""
    return [DailyEventCount(*row) for row in connection.execute(_EVENTS_BETWEEN, {"first": first, "last": last})]


def uploads_of(connection: Connection, day: date) -> list[UploadCount]:
    """Return the day's uploads, one row for each."""
    return [UploadCount(*row) for row in connection.execute(_UPLOADS, {"date": day})]


def durations_of(connection: Connection, day: date) -> list[ClaimDelay]:
    """Return how long the codes claimed on the day had existed, by source and hours."""
    return [ClaimDelay(*row) for row in connection.execute(_DURATIONS, {"date": day})]


def first_day(connection: Connection) -> date | None:
    """Return the first day on which anything was counted; None if nothing was."""
    day: date | None = connection.execute(_FIRST_DAY).scalar_one()
    return day


def roll_up(connection: Connection, statement: TextClause, rows: int) -> bool:
    """Add up to `rows` rows of requests to the sums of their days; return whether there may be more."""
    rolled_up: int = connection.execute(statement, {"rows": rows}).scalar_one()
    return rolled_up == rows
