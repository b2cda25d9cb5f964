"""The days of which a digest was sent."""

from datetime import date, datetime

from sqlalchemy import Connection, text

# A second worker waits here until the first has sent its digest, and then adds nothing.
_CLAIM = text("INSERT INTO daily_digests (day, sent_at) VALUES (:day, :now) ON CONFLICT (day) DO NOTHING")
_PURGE = text("DELETE FROM daily_digests WHERE day < :before")


def claim(connection: Connection, day: date, now: datetime) -> bool:
    """Store that the digest of a day is sent in this transaction; return whether it had not been sent before."""
    return connection.execute(_CLAIM, {"day": day, "now": now}).rowcount > 0


def purge(connection: Connection, before: date) -> int:
    """Delete the rows of days before a day; return how many."""
    return connection.execute(_PURGE, {"before": before}).rowcount
