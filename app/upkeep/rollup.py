"""Rolling up the tables in which requests count events (sections K and L), and changes of keys."""

from typing import Final

from app.database.database import Database, allow_time
from app.store import counters

ROWS_PER_RUN: Final = 20_000


def roll_up_counters(database: Database, rows: int = ROWS_PER_RUN) -> None:
    """Add the rows of requests to sums, up to `rows` at a time, each time in its own transaction."""
    for statement in counters.ROLL_UPS:
        may_have_more = True
        while may_have_more:
            with database.transaction() as connection:
                allow_time(connection)  # selecting rows reads the whole table, which may be large
                may_have_more = counters.roll_up(connection, statement, rows)
