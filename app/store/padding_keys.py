"""Exposure keys that nobody has, among the real ones. Only their originator, `decoy`, says what they are."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from app.domain.padding import KeyTemplate

_COUNT_HOURS = text("""
    SELECT count(*) FROM diagnosis_keys
    WHERE hour_of_submission BETWEEN :first_hour AND :last_hour AND region = :region
""")
# Keys are random, so those that follow a random one are a sample, and the index finds them.
_TEMPLATES = text("""
    SELECT hour_of_submission / 24 AS day, rolling_start_interval_number, rolling_period, transmission_risk_level,
           report_type, days_since_onset_of_symptoms
    FROM diagnosis_keys WHERE key_data >= :start AND region = :region AND originator IS DISTINCT FROM 'decoy'
    ORDER BY key_data LIMIT :number
""")
_ADD = text("""
    INSERT INTO diagnosis_keys (
        key_data, rolling_start_interval_number, rolling_period, transmission_risk_level, report_type,
        days_since_onset_of_symptoms, hour_of_submission, region, originator
    )
    SELECT key.*, :hour, :region, 'decoy' FROM unnest(
        :key_data ::bytea[], :starts ::integer[], :periods ::smallint[], :levels ::smallint[],
        :report_types ::smallint[], :onsets ::smallint[]
    ) AS key
    ON CONFLICT (key_data) DO NOTHING
""")


def count_hours(connection: Connection, first_hour: int, last_hour: int, region: str) -> int:
    """Return how many keys, real or not, were published in some hours, the last included."""
    values = {"first_hour": first_hour, "last_hour": last_hour, "region": region}
    return int(connection.execute(_COUNT_HOURS, values).scalar_one())


def templates(connection: Connection, start: bytes, region: str, number: int) -> list[KeyTemplate]:
    """Return real keys without their data, at most so many: those that follow `start`, else the first ones."""
    for first in (start, b""):
        rows = connection.execute(_TEMPLATES, {"start": first, "region": region, "number": number}).all()
        if rows:
            return [KeyTemplate(*row) for row in rows]
    return []


def add(connection: Connection, keys: Sequence[tuple[bytes, KeyTemplate]], hour: int, region: str) -> None:
    """Store keys as published in an hour."""
    looks = [key for _, key in keys]
    connection.execute(
        _ADD,
        {
            "key_data": [data for data, _ in keys],
            "starts": [key.rolling_start_interval_number for key in looks],
            "periods": [key.rolling_period for key in looks],
            "levels": [key.transmission_risk_level for key in looks],
            "report_types": [key.report_type for key in looks],
            "onsets": [key.days_since_onset_of_symptoms for key in looks],
            "hour": hour,
            "region": region,
        },
    )
