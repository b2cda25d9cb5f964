"""Counters: sums on the public server, ledgers in this service.

`imported_counters` remembers the sum that was brought for each figure, and only the difference to it is added to the
ledger. So a repeated import counts nothing twice, and what this service counted meanwhile stays.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from sqlalchemy import text

from app.importing.arrays import arrays, unnested
from app.importing.destination import Destination
from app.importing.outcome import Outcome

_BATCH_FIGURES: Final = 2_000


@dataclass(frozen=True)
class Ledger:
    """A table of counts: the columns that name a figure, with their types, and the column that holds it.

    `summed` is the column of the source whose values are added up; without it, each row counts as one.
    """

    table: str
    columns: Mapping[str, str]
    figure: str
    summed: str | None

    def sums(self, rows: Iterable[Mapping[str, Any]]) -> Counter[tuple[Any, ...]]:
        """Return the sum of each figure by name. Rows of several tokens of one label are added up."""
        sums: Counter[tuple[Any, ...]] = Counter()
        for row in rows:
            sums[tuple(row[column] for column in self.columns)] += row[self.summed] if self.summed else 1
        return sums


EVENTS: Final = Ledger(
    "events", {"source": "text", "identifier": "text", "device_type": "text", "date": "date"}, "count", summed="count"
)
UPLOADS: Final = Ledger(
    "tek_upload_count",
    {"originator": "text", "date": "date", "count": "integer", "first_upload": "boolean"},
    "uploads",
    summed=None,
)
DURATIONS: Final = Ledger(
    "otk_life_duration", {"originator": "text", "hours": "integer", "date": "date"}, "count", summed="count"
)

_ADD_MARKS: Final = text("""
    INSERT INTO imported_counters (ledger, figure, count)
    SELECT :ledger, mark, total FROM brought WHERE total > before
    ON CONFLICT (ledger, figure) DO UPDATE SET count = excluded.count
""")
_COUNT: Final = text("""
    SELECT count(*) FILTER (WHERE before = 0 AND total > 0) AS new,
           count(*) FILTER (WHERE before > 0 AND total > before) AS updated,
           count(*) FILTER (WHERE total = before) AS unchanged,
           count(*) FILTER (WHERE total < before) AS fallen
    FROM brought
""")


def write(to: Destination, ledger: Ledger, sums: Mapping[tuple[Any, ...], int], outcome: Outcome) -> None:
    """Add the growth of each sum since the last import to a ledger, in batches.

    The outcome counts figures, of which each may stand for many rows.
    """
    columns = {**ledger.columns, "mark": "text", "total": "bigint"}
    names = ", ".join(ledger.columns)
    bring = text(f"""
        CREATE TEMPORARY TABLE brought ON COMMIT DROP AS
        SELECT brought.*, coalesce(imported_counters.count, 0) AS before
        FROM {unnested(columns)} LEFT JOIN imported_counters ON ledger = :ledger AND figure = brought.mark
    """)  # noqa: S608 - all parts are constants
    add = text(f"""
        INSERT INTO {ledger.table} ({names}, {ledger.figure})
        SELECT {names}, total - before FROM brought WHERE total > before
    """)  # noqa: S608 - all parts are constants
    for batch in _batches(sums):
        rows = [
            {**dict(zip(ledger.columns, name, strict=True)), "mark": _mark(name), "total": total}
            for name, total in batch
        ]
        with to.transaction() as connection:
            connection.execute(bring, arrays(columns, rows) | {"ledger": ledger.table})
            connection.execute(add)
            connection.execute(_ADD_MARKS, {"ledger": ledger.table})
            counted = connection.execute(_COUNT).mappings().one()
        outcome.new += counted["new"]
        outcome.updated += counted["updated"]
        outcome.unchanged += counted["unchanged"]
        outcome.refuse("its figure is smaller than at an earlier import", counted["fallen"])


def _mark(name: tuple[Any, ...]) -> str:
    """Return the name of a figure as a text."""
    return "\t".join(str(part) for part in name)


def _batches(sums: Mapping[tuple[Any, ...], int]) -> Iterator[list[tuple[tuple[Any, ...], int]]]:
    figures = iter(sums.items())
    while batch := list(islice(figures, _BATCH_FIGURES)):
        yield batch
