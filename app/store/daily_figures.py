"""Daily figures: each day is written once, and never changed, so that it has only one publication."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, TextClause, text

from app.domain.figures import DailyFigure

# Rows are in one order, so that of two workers the second waits at its first row and then adds none.
_ADD = text("""
    INSERT INTO daily_figures (day, place, figure, count, published)
    SELECT :day, row.* FROM unnest(
        :places ::text[], :figures ::text[], :counts ::integer[], :published ::integer[]
    ) AS row (place, figure, count, published)
    ORDER BY row.place, row.figure
    ON CONFLICT (day, place, figure) DO NOTHING
""")
_DAYS = text("SELECT DISTINCT day FROM daily_figures WHERE day >= :first")
# One row for each day and place: one for each figure would be 108,000 in 400 days, which take 0.4 seconds to read.
_COUNTS = text("""
    SELECT day, place, array_agg(figure), array_agg(count) FROM daily_figures
    WHERE day BETWEEN :first AND :last GROUP BY day, place ORDER BY place, day
""")
# The role of the status page cannot read `count`.
_PUBLISHED = text("""
    SELECT day, place, array_agg(figure), array_agg(published) FROM daily_figures
    WHERE day BETWEEN :first AND :last GROUP BY day, place ORDER BY place, day
""")
_PURGE = text("DELETE FROM daily_figures WHERE day < :before")


@dataclass(frozen=True)
class StoredFigures:
    """The figures of a day and place by their names. A published count is None if it is hidden."""

    day: date
    place: str
    counts: Mapping[str, int | None]


def add(connection: Connection, day: date, figures: Sequence[DailyFigure]) -> bool:
    """Store all figures of a day; return whether they were stored: not if the day has figures already."""
    values = {
        "day": day,
        "places": [each.place for each in figures],
        "figures": [each.figure.value for each in figures],
        "counts": [each.count for each in figures],
        "published": [each.published for each in figures],
    }
    return connection.execute(_ADD, values).rowcount > 0


def days(connection: Connection, first: date) -> set[date]:
    """Return the days that have figures, from `first`."""
    return set(connection.execute(_DAYS, {"first": first}).scalars())


def counts_between(connection: Connection, first: date, last: date) -> list[StoredFigures]:
    """Return the figures of several days as they were counted, small ones too, by place and day."""
    return _between(connection, _COUNTS, first, last)


def published_between(connection: Connection, first: date, last: date) -> list[StoredFigures]:
    """Return the published figures of several days by place and day.

    A hidden figure, and one that is not published, is None.
    """
    return _between(connection, _PUBLISHED, first, last)


def _between(connection: Connection, statement: TextClause, first: date, last: date) -> list[StoredFigures]:
    rows = connection.execute(statement, {"first": first, "last": last})
    return [StoredFigures(day, place, dict(zip(names, counts, strict=True))) for day, place, names, counts in rows]


def purge(connection: Connection, before: date) -> int:
    """Delete figures of days before a day; return how many."""
    return connection.execute(_PURGE, {"before": before}).rowcount
