"""Readings of figures by minute, for alarms."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, text

from app.domain.figure_alarms import Reading

_PUT = text("""
    INSERT INTO figure_readings (figure, minute, count) SELECT row.figure, :minute, row.count
    FROM unnest(:figures ::text[], :counts ::bigint[]) AS row (figure, count) ORDER BY row.figure
    ON CONFLICT (figure, minute) DO UPDATE SET count = EXCLUDED.count
""")
_ADD = text("""
    INSERT INTO figure_readings (figure, minute, count) SELECT row.figure, :minute, row.count
    FROM unnest(:figures ::text[], :counts ::bigint[]) AS row (figure, count) ORDER BY row.figure
    ON CONFLICT (figure, minute) DO UPDATE SET count = figure_readings.count + EXCLUDED.count
""")
_SINCE = text("SELECT figure, minute, count FROM figure_readings WHERE minute >= :first ORDER BY minute, figure")
_PURGE = text("DELETE FROM figure_readings WHERE minute < :before")


def put_levels(connection: Connection, minute: datetime, levels: Mapping[str, int]) -> None:
    """Store levels at a minute; later ones of the same minute replace them."""
    connection.execute(_PUT, {"minute": minute, "figures": list(levels), "counts": list(levels.values())})


def add_counts(connection: Connection, minute: datetime, counts: Mapping[str, int]) -> None:
    """Add what was counted in a minute to what is stored for it."""
    if counts:
        connection.execute(_ADD, {"minute": minute, "figures": list(counts), "counts": list(counts.values())})


def since(connection: Connection, first: datetime) -> list[Reading]:
    """Return the readings from a minute on."""
    return [Reading(*row) for row in connection.execute(_SINCE, {"first": first})]


def purge(connection: Connection, before: datetime) -> int:
    """Delete readings before a time; return how many."""
    return connection.execute(_PURGE, {"before": before}).rowcount
