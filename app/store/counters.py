"""What the operator may count: events, uploads, and how long codes waited (sections K and L of the protocol).

Requests append rows and never update one, so none waits for another. `fold` replaces the rows of a day by their
sums. A figure is the sum over its rows at any moment, folded or not.
"""

from datetime import date

from sqlalchemy import Connection, TextClause, text

# A caller that counts as it acts has an INSERT of its own: see `codes`, `claims`, `uploads`, `key_pairs`.

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

# What stands in most rows is folded first. A run has a twentieth as many sums as rows, so it leaves fewer rows,
# whether a table was moved over with a million of them or the worker was away for a day.
_FOLD = """
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
FOLDS = tuple(
    text(_FOLD.format(table=table, columns=columns, figure=figure))
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


def fold(connection: Connection, statement: TextClause, rows: int) -> bool:
    """Replace rows of a table that count the same thing, at most so many, by their sums; tell whether to go on."""
    folded: int = connection.execute(statement, {"rows": rows, "sums": -(-rows // 20)}).scalar_one()
    return folded == rows
