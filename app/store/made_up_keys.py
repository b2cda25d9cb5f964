"""Exposure keys that no phone sent, for demonstrations."""

from collections.abc import Iterable

from sqlalchemy import Connection, text

from app.domain.uploads import ExposureKey

_ADD = text("""
    INSERT INTO diagnosis_keys (
        key_data, rolling_start_interval_number, rolling_period, transmission_risk_level, hour_of_submission,
        report_type, days_since_onset_of_symptoms, region, originator
    )
    VALUES (:key_data, :start, :period, :level, :hour, :report_type, :onset, :region, :originator)
    ON CONFLICT (key_data) DO NOTHING
""")


def add(connection: Connection, keys: Iterable[tuple[ExposureKey, int]], region: str, originator: str) -> None:
    """Store keys, each with the hour in which it becomes public. Those already stored stay as they are."""
    rows = [
        {
            "key_data": key.key_data,
            "start": key.rolling_start_interval_number,
            "period": key.rolling_period,
            "level": key.transmission_risk_level,
            "hour": hour,
            "report_type": key.report_type,
            "onset": key.days_since_onset_of_symptoms,
            "region": region,
            "originator": originator,
        }
        for key, hour in keys
    ]
    connection.execute(_ADD, rows)
