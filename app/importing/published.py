"""Diagnosis keys and outbreak events, which archives contain. Their rows never change once they are stored."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from app.domain.uploads import DiagnosisKey
from app.importing.arrays import arrays, unnested
from app.importing.destination import Destination, mark_archives_stale
from app.importing.outcome import Outcome
from app.store import diagnosis_keys

_EVENT_COLUMNS: Final = {
    "location_id": "text",
    "originator": "text",
    "start_time": "timestamptz",
    "end_time": "timestamptz",
    "severity": "bigint",
    "created": "timestamptz",
}
_EVENT_NAMES: Final = ", ".join(_EVENT_COLUMNS)

# Events have no common key, so an event is identified by all of its values. An equality lets PostgreSQL join by hash;
# comparing each event with each other would exceed the time of a statement with 20,000 events.
_ADD_EVENTS: Final = text(f"""
    INSERT INTO qr_outbreak_events ({_EVENT_NAMES})
    SELECT DISTINCT * FROM {unnested(_EVENT_COLUMNS)} WHERE created >= :oldest_outbreak AND NOT EXISTS (
        SELECT FROM qr_outbreak_events AS here
        WHERE here.location_id = brought.location_id
          AND ({", ".join(f"here.{name}" for name in _EVENT_COLUMNS)}) IS NOT DISTINCT FROM
              ({", ".join(f"brought.{name}" for name in _EVENT_COLUMNS)})
    )
""")  # noqa: S608 - all parts are constants


def write_keys(connection: Connection, to: Destination, batch: Sequence[Mapping[str, Any]], outcome: Outcome) -> None:
    """Store the new keys of a batch, with their original hours of publication."""
    rows = [row for row in batch if row["hour_of_submission"] >= to.limits.first_hour]
    new = 0
    for region in sorted({row["region"] for row in rows}):
        of_region = [row for row in rows if row["region"] == region]
        hours = [row["hour_of_submission"] for row in of_region]
        new += diagnosis_keys.add(connection, [_key(row) for row in of_region], hours, region)
    _finish(connection, new, len(batch), outcome)


def _key(row: Mapping[str, Any]) -> DiagnosisKey:
    return DiagnosisKey(
        key_data=row["key_data"],
        rolling_start_interval_number=row["rolling_start_interval_number"],
        rolling_period=row["rolling_period"],
        transmission_risk_level=row["transmission_risk_level"],
    )


def write_events(connection: Connection, to: Destination, batch: Sequence[Mapping[str, Any]], outcome: Outcome) -> None:
    """Store the new outbreak events of a batch."""
    values = arrays(_EVENT_COLUMNS, batch) | {"oldest_outbreak": to.limits.oldest_outbreak}
    _finish(connection, connection.execute(_ADD_EVENTS, values).rowcount, len(batch), outcome)


def _finish(connection: Connection, new: int, rows: int, outcome: Outcome) -> None:
    if new:
        mark_archives_stale(connection)
    outcome.new += new
    outcome.unchanged += rows - new
