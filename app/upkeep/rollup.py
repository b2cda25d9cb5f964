"""Keep the tables short into which requests count (sections K and L of the protocol)."""

from typing import Final

from app.store import counters
from app.database.database import Database, allow_time

ROWS_IN_RUN: Final = 20_000


def fold_counters(database: Database, rows: int = ROWS_IN_RUN) -> None:
    """Replace the counters' rows by their sums, at most so many at a time, each time in a transaction of its own."""
    for statement in counters.FOLDS:
        goes_on = True
        while goes_on:
            with database.transaction() as connection:
                allow_time(connection)  # finding them reads the whole table, which may never have been folded
                goes_on = counters.fold(connection, statement, rows)
