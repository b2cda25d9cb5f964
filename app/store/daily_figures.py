"""Daily figures: each day is written once, and never changed, so that it has only one publication."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

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
_COUNTS = text("""
    SELECT day, place, figure, count FROM daily_figures WHERE day BETWEEN :first AND :last ORDER BY day, place, figure
""")
# The role of the status page cannot read `count`.
_PUBLISHED = text("""
    SELECT day, place, figure, published AS count FROM daily_figures
    WHERE day BETWEEN :first AND :last ORDER BY day, place, figure
""")
_PURGE = text("DELETE FROM daily_figures WHERE day < :before")


@dataclass(frozen=True)
class StoredFigure:
    """A figure of a day and place; its count is None if it is hidden, and that is how it was read."""

    day: date
    place: str
    figure: str
    count: int | None


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


def counts_between(connection: Connection, first: date, last: date) -> list[StoredFigure]:
    """Return the figures of several days as they were counted, small ones too."""
    return [StoredFigure(*row) for row in connection.execute(_COUNTS, {"first": first, "last": last})]


def published_between(connection: Connection, first: date, last: date) -> list[StoredFigure]:
    """Return the published figures of several days. A hidden one, and one that is not published, is None."""
    return [StoredFigure(*row) for row in connection.execute(_PUBLISHED, {"first": first, "last": last})]


def purge(connection: Connection, before: date) -> int:
    """Delete figures of days before a day; return how many."""
    return connection.execute(_PURGE, {"before": before}).rowcount
