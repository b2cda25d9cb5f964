"""Padding keys among the diagnosis keys: only their originator, `padding`, distinguishes them."""

from typing import Final

from sqlalchemy import Connection, text

from app.domain.padding import KeyTemplate

ORIGINATOR: Final = "decoy"  # also in rows of earlier versions

_COUNT_HOURS = text("""
    SELECT count(*) FROM diagnosis_keys
    WHERE hour_of_submission BETWEEN :first_hour AND :last_hour AND region = :region
""")
# Keys are random, so those that follow a random value are a random sample, and the primary key's index finds them.
_TEMPLATES = text("""
    SELECT hour_of_submission / 24 AS day, rolling_start_interval_number, rolling_period, transmission_risk_level,
           report_type, days_since_onset_of_symptoms
    FROM diagnosis_keys WHERE key_data >= :start AND region = :region AND originator IS DISTINCT FROM :padding
    ORDER BY key_data LIMIT :number
""")


def count_hours(connection: Connection, first_hour: int, last_hour: int, region: str) -> int:
    """Return how many keys, padding included, were published from `first_hour` to `last_hour`, inclusive."""
    values = {"first_hour": first_hour, "last_hour": last_hour, "region": region}
    return int(connection.execute(_COUNT_HOURS, values).scalar_one())


def templates(connection: Connection, start: bytes, region: str, number: int) -> list[KeyTemplate]:
    """Return up to `number` real keys without their data: those that follow `start`, or else the first ones."""
    for first in (start, b""):
        values = {"start": first, "region": region, "number": number, "padding": ORIGINATOR}
        rows = connection.execute(_TEMPLATES, values).all()
        if rows:
            return [KeyTemplate(*row) for row in rows]
    return []
