"""When a process, an archive, a purge, a queue or the database is late.

Unknown (None) is not late: a new service has none. A process or a purge that stays unknown is.
"""

from datetime import datetime, timedelta
from typing import Final

# A process writes a heartbeat every 15 seconds.
HEARTBEAT_LIMIT: Final = timedelta(seconds=60)
# How long a process may be missing after the start of the one that looks for it.
START_LIMIT: Final = timedelta(minutes=3)
ARCHIVE_MARGIN: Final = timedelta(seconds=60)
PURGE_MARGIN: Final = timedelta(minutes=2)
QUEUE_LIMIT: Final = timedelta(minutes=2)
# Of a transaction that stores one row, which takes some milliseconds. Uploads are to be answered within half a second,
# and need as many round trips.
TRANSACTION_LIMIT: Final = timedelta(milliseconds=250)


def is_alive(last_beat: datetime | None, started: datetime, now: datetime) -> bool | None:
    """Return whether a process is alive. `started`: since when this process has looked for it."""
    if last_beat is None:
        return False if now - started > START_LIMIT else None
    return now - last_beat <= HEARTBEAT_LIMIT


def is_fresh(newest_archive: datetime | None, max_age: timedelta, now: datetime) -> bool | None:
    """Return whether the newest archive is young enough to be served; None if there is none, or no limit."""
    if newest_archive is None or not max_age:
        return None
    return now - newest_archive <= max_age + ARCHIVE_MARGIN


def is_purged(last_purge: datetime | None, looked_since: datetime, interval: timedelta, now: datetime) -> bool | None:
    """Return whether expired data is deleted in time. `looked_since`: since when no purge has been known."""
    limit = interval + PURGE_MARGIN
    if last_purge is None:
        return False if now - looked_since > limit else None
    return now - last_purge <= limit


def is_prompt(oldest_waiting: datetime | None, now: datetime) -> bool:
    """Return whether jobs do not wait too long; with none waiting, they do not."""
    return oldest_waiting is None or now - oldest_waiting <= QUEUE_LIMIT


def is_quick(transaction: timedelta) -> bool:
    """Return whether a transaction that stores one row took as long as it may."""
    return transaction <= TRANSACTION_LIMIT
