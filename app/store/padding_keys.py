"""What padding is made from, and which batches have it. No column distinguishes a padding key from a real one."""

from datetime import date
from typing import Final

from sqlalchemy import Connection, text

from app.domain.padding import KeyTemplate

_COLUMNS: Final = """
    hour_of_submission, rolling_start_interval_number, rolling_period, transmission_risk_level, report_type,
    days_since_onset_of_symptoms
"""

# Of several workers, one changes the row: the others wait for its commit and find that the batch has padding. A later
# batch was padded before one that is not released yet only if the clock was set back since.
_MARK = text("""
    INSERT INTO padded_batches (region, hour) VALUES (:region, :hour)
    ON CONFLICT (region) DO UPDATE SET hour = excluded.hour WHERE padded_batches.hour < excluded.hour
        OR padded_batches.hour > excluded.hour AND to_timestamp(excluded.hour * 3600.0) > clock_timestamp()
    RETURNING 1
""")
_OF_HOUR = text(f"""
    SELECT {_COLUMNS} FROM diagnosis_keys WHERE hour_of_submission = :hour AND region = :region
    ORDER BY key_data LIMIT :number
""")  # noqa: S608 - the columns are a constant
# Keys are random, so those that follow a random value are a random sample, and the primary key's index finds them.
_SAMPLE = text(f"""
    SELECT {_COLUMNS} FROM diagnosis_keys WHERE key_data >= :start AND region = :region
    ORDER BY key_data LIMIT :number
""")  # noqa: S608 - the columns are a constant
_UPLOAD_SIZES = text("""
    SELECT count AS keys, sum(uploads)::integer AS uploads FROM tek_upload_count
    WHERE date >= :first AND count > 0 GROUP BY count ORDER BY count
""")


def mark_padded(connection: Connection, region: str, hour: int) -> bool:
    """Record that the batch of an hour has padding.

    Returns False if it had it already, or if it is released and a later one has it.
    """
    return connection.execute(_MARK, {"region": region, "hour": hour}).one_or_none() is not None


def templates_of_hour(connection: Connection, hour: int, region: str, number: int) -> list[KeyTemplate]:
    """Return up to `number` keys, without their data, that become public in an hour."""
    rows = connection.execute(_OF_HOUR, {"hour": hour, "region": region, "number": number})
    return [KeyTemplate(*row) for row in rows]


def sample_templates(connection: Connection, start: bytes, region: str, number: int) -> list[KeyTemplate]:
    """Return up to `number` keys without their data: those that follow `start`, and then the first ones."""
    values = {"start": start, "region": region, "number": number}
    rows = list(connection.execute(_SAMPLE, values))
    if len(rows) < number:
        rows += connection.execute(_SAMPLE, values | {"start": b"", "number": number - len(rows)})
    return [KeyTemplate(*row) for row in rows]


def upload_sizes(connection: Connection, first: date) -> dict[int, int]:
    """Return how many real uploads since a day, inclusive, had a number of new keys."""
    return {row.keys: row.uploads for row in connection.execute(_UPLOAD_SIZES, {"first": first})}
