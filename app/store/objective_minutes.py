"""How many events of each minute were good, and how many there were, for each objective.

A batch of increments is added in the transaction that also records its identifier, so a batch that is folded twice, by
a second worker or after a crash, is added once.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from app.domain.objectives import Counts, MinuteCounts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_RECORD_BATCH = text("""
    INSERT INTO folded_batches (identifier, folded_at) VALUES (:identifier, :now)
    ON CONFLICT (identifier) DO NOTHING RETURNING identifier
""")
# In the order of their names, so that two transactions never wait for each other.
_ADD = text("""
    INSERT INTO objective_minutes AS stored (minute, objective, good, total)
    SELECT :minute, objective, good, total
    FROM unnest(CAST(:objectives AS text[]), CAST(:good AS bigint[]), CAST(:total AS bigint[]))
         AS added (objective, good, total)
    ORDER BY objective
    ON CONFLICT (minute, objective) DO UPDATE
    SET good = stored.good + excluded.good, total = stored.total + excluded.total
""")
_BETWEEN = text("""
    SELECT objective, minute, good, total FROM objective_minutes
    WHERE minute >= :begin AND minute < :end ORDER BY minute
""")
# Each row is read once: it belongs to the part between two beginnings of windows.
_SUMS = text("""
    SELECT objective, width_bucket(minute, CAST(:begins AS timestamptz[])) AS part,
           sum(good)::bigint AS good, sum(total)::bigint AS total
    FROM objective_minutes WHERE minute >= :begin AND minute < :end GROUP BY objective, part
""")
_PURGE = text("DELETE FROM objective_minutes WHERE minute < :before")
_PURGE_BATCHES = text("DELETE FROM folded_batches WHERE folded_at < :before")


def record_batch(connection: "Connection | Session", identifier: str, now: datetime) -> bool:
    """Record that a batch is folded in this transaction; return False if it was folded before."""
    return connection.execute(_RECORD_BATCH, {"identifier": identifier, "now": now}).first() is not None


def add(connection: "Connection | Session", minute: datetime, counts: Mapping[str, tuple[int, int]]) -> None:
    """Add (good, total) of each objective to what is stored for the minute, in one statement."""
    if not counts:
        return
    names = list(counts)
    values = {
        "minute": minute,
        "objectives": names,
        "good": [counts[name][0] for name in names],
        "total": [counts[name][1] for name in names],
    }
    connection.execute(_ADD, values)


def between(connection: "Connection | Session", begin: datetime, end: datetime) -> dict[str, list[MinuteCounts]]:
    """Return the counts from `begin` until before `end` by objective, in the order of time.

    Minutes without events may be missing.
    """
    found: dict[str, list[MinuteCounts]] = {}
    for objective, *counts in connection.execute(_BETWEEN, {"begin": begin, "end": end}):
        found.setdefault(objective, []).append(MinuteCounts(*counts))
    return found


def sums(connection: "Connection | Session", windows: Iterable[int], now: datetime) -> dict[str, dict[int, Counts]]:
    """Return the sums of windows that end with the last whole minute before `now`, by objective and minutes.

    Objectives without events in the longest window are missing, as are windows without events.
    """
    end = now.replace(second=0, microsecond=0)
    longest_first = sorted(set(windows), reverse=True)
    begins = [end - timedelta(minutes=minutes) for minutes in longest_first]
    found: dict[str, dict[int, Counts]] = {}
    for objective, part, good, total in connection.execute(_SUMS, {"begins": begins, "begin": begins[0], "end": end}):
        totals = found.setdefault(objective, {})
        for minutes in longest_first[:part]:  # the windows that have begun by then
            so_far = totals.get(minutes, Counts(0, 0))
            totals[minutes] = Counts(so_far.good + good, so_far.total + total)
    return found


def purge(connection: "Connection | Session", before: datetime) -> None:
    """Delete the counts of minutes before `before`."""
    connection.execute(_PURGE, {"before": before})


def purge_batches(connection: "Connection | Session", before: datetime) -> None:
    """Delete the identifiers of batches that were folded before `before`."""
    connection.execute(_PURGE_BATCHES, {"before": before})
