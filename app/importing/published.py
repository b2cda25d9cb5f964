"""Diagnosis keys and outbreak events, which archives contain. Their rows never change once they are stored."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from app.importing.arrays import arrays, unnested
from app.importing.destination import Destination, mark_archives_stale
from app.importing.outcome import Outcome

_KEY_COLUMNS: Final = {
    "key_data": "bytea",
    "rolling_start_interval_number": "integer",
    "rolling_period": "smallint",
    "transmission_risk_level": "smallint",
    "hour_of_submission": "integer",
    "region": "text",
    "originator": "text",
}
_EVENT_COLUMNS: Final = {
    "location_id": "text",
    "originator": "text",
    "start_time": "timestamptz",
    "end_time": "timestamptz",
    "severity": "bigint",
    "created": "timestamptz",
}
_KEY_NAMES: Final = ", ".join(_KEY_COLUMNS)
_EVENT_NAMES: Final = ", ".join(_EVENT_COLUMNS)

_ADD_KEYS: Final = text(f"""
    INSERT INTO diagnosis_keys ({_KEY_NAMES})
    SELECT * FROM {unnested(_KEY_COLUMNS)} WHERE hour_of_submission >= :first_hour
    ON CONFLICT (key_data) DO NOTHING  -- the first writer's row stays (rule 67)
""")  # noqa: S608 - all parts are constants
# Events have no common key, so an event is identified by all of its values.
_ADD_EVENTS: Final = text(f"""
    INSERT INTO qr_outbreak_events ({_EVENT_NAMES})
    SELECT DISTINCT * FROM {unnested(_EVENT_COLUMNS)} WHERE created >= :oldest_outbreak AND NOT EXISTS (
        SELECT FROM qr_outbreak_events AS here
        WHERE ({", ".join(f"here.{name}" for name in _EVENT_COLUMNS)}) IS NOT DISTINCT FROM
              ({", ".join(f"brought.{name}" for name in _EVENT_COLUMNS)})
    )
""")  # noqa: S608 - all parts are constants


def write_keys(connection: Connection, to: Destination, batch: Sequence[Mapping[str, Any]], outcome: Outcome) -> None:
    """Store the new keys of a batch, with their original hours of publication."""
    values = arrays(_KEY_COLUMNS, batch) | {"first_hour": to.limits.first_hour}
    _finish(connection, connection.execute(_ADD_KEYS, values).rowcount, len(batch), outcome)


def write_events(connection: Connection, to: Destination, batch: Sequence[Mapping[str, Any]], outcome: Outcome) -> None:
    """Store the new outbreak events of a batch."""
    values = arrays(_EVENT_COLUMNS, batch) | {"oldest_outbreak": to.limits.oldest_outbreak}
    _finish(connection, connection.execute(_ADD_EVENTS, values).rowcount, len(batch), outcome)


def _finish(connection: Connection, new: int, rows: int, outcome: Outcome) -> None:
    if new:
        mark_archives_stale(connection)
    outcome.new += new
    outcome.unchanged += rows - new
