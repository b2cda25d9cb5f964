"""The time of a job: the database's, so that all workers have one clock, and a wrong one of a host does no harm."""

from datetime import datetime

from app.database.clock_check import database_time
from app.web.context import Context


def current_time(context: Context) -> datetime:
    """Return the time by the database's clock, in UTC; log a warning if this host's clock differs."""
    with context.database.autocommit() as connection:
        return database_time(connection, context.clock)
