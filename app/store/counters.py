"""What the operator may count: events, uploads, and how long codes waited (sections K and L of the protocol).

Requests append rows and never update one, so none waits for another. `fold` replaces the rows of a day by their
sums. A figure is the sum over its rows at any moment, folded or not.
"""

from datetime import date

from sqlalchemy import Connection, text

# A caller that counts in the same statement as it acts writes its own INSERT: see `codes`, `claims`, `key_pairs`.

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

# A table that was never folded, such as one that was moved over, is folded in several runs.
_SUMS_IN_RUN = 5_000
_FOLD = """
    WITH summed AS (
        DELETE FROM {table} WHERE id IN (
            SELECT id FROM {table} WHERE ({columns}) IN (
                SELECT {columns} FROM {table} GROUP BY {columns} HAVING count(*) > 1 LIMIT {sums}
            )
            FOR UPDATE SKIP LOCKED
        )
        RETURNING {columns}, {figure}
    )
    INSERT INTO {table} ({columns}, {figure}) SELECT {columns}, sum({figure}) FROM summed GROUP BY {columns}
"""
_FOLDS = tuple(
    text(_FOLD.format(table=table, columns=columns, figure=figure, sums=_SUMS_IN_RUN))
    for table, columns, figure in (
        ("events", "source, identifier, device_type, date", "count"),
        ("otk_life_duration", "originator, hours, date", "count"),
        ("tek_upload_count", "originator, date, count, first_upload", "uploads"),
    )
)


def events_of(connection: Connection, day: date) -> list[dict[str, object]]:
    """Return the day's server events, keys in the order of the wire (rule 92)."""
    return [
        {"source": row["source"], "date": day.isoformat(), "count": row["count"], "identifier": row["identifier"]}
        for row in connection.execute(_EVENTS, {"date": day}).mappings()
    ]


def uploads_of(connection: Connection, day: date) -> list[dict[str, object]]:
    """Return the day's uploads, one entry for each, keys in the order of the wire (rule 92)."""
    return [
        {"source": row["source"], "date": day.isoformat(), "count": row["count"], "first_upload": row["first_upload"]}
        for row in connection.execute(_UPLOADS, {"date": day}).mappings()
    ]


def durations_of(connection: Connection, day: date) -> list[dict[str, object]]:
    """Return how many hours codes claimed on the day had waited, keys in the order of the wire (rule 92)."""
    return [
        {"source": row["source"], "date": day.isoformat(), "hours": row["hours"], "count": row["count"]}
        for row in connection.execute(_DURATIONS, {"date": day}).mappings()
    ]


def fold(connection: Connection) -> int:
    """Replace rows that count the same thing by their sum; return how many sums were written."""
    return sum(connection.execute(statement).rowcount for statement in _FOLDS)
