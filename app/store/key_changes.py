"""The ledger of changes of the diagnosis keys, which triggers keep (see ADR 0003).

Each statement that changes keys of a publication day appends a row, in its own transaction. The sum of the rows that a
snapshot sees is therefore the version of the keys that it sees: it is the same if and only if the keys are.
"""

from sqlalchemy import Connection, text

from app.domain.exports import ExportWindow
from app.domain.timeline import HOURS_PER_DAY

_VERSION = text("""
    SELECT coalesce(sum(changes), 0)::bigint FROM diagnosis_key_changes WHERE day >= :first_day AND day < :end_day
""")
_PURGE = text("""
    WITH batch AS MATERIALIZED (
        SELECT id FROM diagnosis_key_changes WHERE day < :before_day LIMIT :batch FOR UPDATE SKIP LOCKED
    )
    DELETE FROM diagnosis_key_changes WHERE id IN (SELECT id FROM batch)
""")


def version(connection: Connection, window: ExportWindow) -> int:
    """Return the version of the keys of a window's days. It only grows; the number itself means nothing."""
    values = {"first_day": window.first_hour // HOURS_PER_DAY, "end_day": window.end_hour // HOURS_PER_DAY}
    return int(connection.execute(_VERSION, values).scalar_one())


def purge(connection: Connection, before_day: int, batch: int) -> int:
    """Delete the rows of days before a day number; return how many. No archive may still cover these days."""
    return connection.execute(_PURGE, {"before_day": before_day, "batch": batch}).rowcount
