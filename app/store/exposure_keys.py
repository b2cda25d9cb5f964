"""The published keys: which belong to an archive, and which are too old to keep."""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, text

from app.domain.exports import ExportWindow

ROWS_PER_FETCH = 10_000


class PublishedKey(NamedTuple):
    """A row of `diagnosis_keys` as an archive needs it."""

    key_data: bytes
    rolling_start_interval_number: int
    rolling_period: int
    transmission_risk_level: int
    report_type: int | None
    days_since_onset_of_symptoms: int | None


_SELECT = text("""
    SELECT key_data, rolling_start_interval_number, rolling_period, transmission_risk_level, report_type,
           days_since_onset_of_symptoms
    FROM diagnosis_keys
    WHERE hour_of_submission >= :first_hour AND hour_of_submission < :published_before_hour AND region = :region
      AND rolling_start_interval_number > :after_start
      AND rolling_start_interval_number < coalesce(:before_start, 2147483648)
    ORDER BY key_data
""")
_COUNT_PUBLISHED = text("""
    SELECT count(*) FROM diagnosis_keys
    WHERE hour_of_submission >= :first_hour AND hour_of_submission < :published_before_hour
""")
_PURGE = text("""
    DELETE FROM diagnosis_keys WHERE key_data IN (
        SELECT key_data FROM diagnosis_keys WHERE hour_of_submission < :before_hour
        LIMIT :batch FOR UPDATE SKIP LOCKED
    )
""")
_CLEAR = text("TRUNCATE diagnosis_keys")
_COUNT = text("SELECT count(*) FROM diagnosis_keys")


def select(connection: Connection, window: ExportWindow, region: str) -> Iterator[PublishedKey]:
    """Yield the keys of an archive in the order of their data, so that order tells nothing (rule 81).

    Rows come through a server-side cursor, a batch at a time, so that memory does not grow with the day. An error
    half-way is raised here and never ends the iteration early (D15). Call it inside a transaction.
    """
    values = {
        "first_hour": window.first_hour,
        "published_before_hour": window.published_before_hour,
        "region": region,
        "after_start": window.after_start,
        "before_start": window.before_start,
    }
    for row in connection.execute(_SELECT, values, execution_options={"yield_per": ROWS_PER_FETCH}):
        yield PublishedKey(bytes(row[0]), *row[1:])


def count_published(connection: Connection, window: ExportWindow) -> int:
    """Return how many keys were published in the window, of any region: while it stays the same, so do they.

    The index alone answers this.
    """
    values = {"first_hour": window.first_hour, "published_before_hour": window.published_before_hour}
    return int(connection.execute(_COUNT_PUBLISHED, values).scalar_one())


def purge(connection: Connection, before_hour: int, batch: int) -> int:
    """Delete keys published before an hour; return how many (rule 99)."""
    return connection.execute(_PURGE, {"before_hour": before_hour, "batch": batch}).rowcount


def clear(connection: Connection) -> None:
    """Delete every key: a test tool (rule 103)."""
    connection.execute(_CLEAR)


def count(connection: Connection) -> int:
    """Return how many keys are stored."""
    return int(connection.execute(_COUNT).scalar_one())
