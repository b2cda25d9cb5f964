"""Keep the tables short into which requests count (sections K and L of the protocol)."""

from app.store import counters
from app.store.database import Database


def fold_counters(database: Database) -> None:
    """Replace the counters' rows by their sums, some at a time, each time in a transaction of its own."""
    for statement in counters.FOLDS:
        has_more = True
        while has_more:
            with database.single() as connection:
                has_more = counters.fold(connection, statement)
