"""Failed claims by network and by minute. `claims` records them; this module counts and purges them."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, text

_PURGE = text("""
    WITH batch AS MATERIALIZED (
        SELECT identifier FROM failed_key_claim_attempts WHERE last_failure < :before
        LIMIT :batch FOR UPDATE SKIP LOCKED
    )
    DELETE FROM failed_key_claim_attempts WHERE identifier IN (SELECT identifier FROM batch)
""")
_PURGE_HOURS = text("""
    WITH batch AS MATERIALIZED (
        SELECT identifier, hour FROM failed_key_claim_hours WHERE hour < :first_hour
        LIMIT :batch FOR UPDATE SKIP LOCKED
    )
    DELETE FROM failed_key_claim_hours WHERE (identifier, hour) IN (SELECT identifier, hour FROM batch)
""")
_PURGE_MINUTES = text("""
    WITH batch AS MATERIALIZED (
        SELECT minute, connection FROM failed_key_claim_minutes WHERE minute < :first_minute
        LIMIT :batch FOR UPDATE SKIP LOCKED
    )
    DELETE FROM failed_key_claim_minutes WHERE (minute, connection) IN (SELECT minute, connection FROM batch)
""")
_COUNT = text("""
    SELECT coalesce(sum(failures) FILTER (WHERE minute = :minute - 1), 0)::integer AS failed_claims_last_minute,
           coalesce(sum(failures) FILTER (WHERE minute > :minute - 60), 0)::integer AS failed_claims_last_hour,
           coalesce(sum(failures), 0)::integer AS failed_claims_last_day
    FROM failed_key_claim_minutes WHERE minute > :minute - 1440
""")


def purge(connection: Connection, before: datetime, batch: int) -> int:
    """Delete rows whose last failure was before `before`; return how many (rule 46)."""
    return connection.execute(_PURGE, {"before": before, "batch": batch}).rowcount


def purge_hours(connection: Connection, first_hour: int, batch: int) -> int:
    """Delete hourly counts before an hour; return how many rows."""
    return connection.execute(_PURGE_HOURS, {"first_hour": first_hour, "batch": batch}).rowcount


def purge_minutes(connection: Connection, first_minute: int, batch: int) -> int:
    """Delete totals of minutes before a minute; return how many rows."""
    return connection.execute(_PURGE_MINUTES, {"first_minute": first_minute, "batch": batch}).rowcount


def count(connection: Connection, minute: int) -> Mapping[str, int]:
    """Return the failed claims of all networks in the minute before `minute`, in the last hour and in the last day."""
    return dict(connection.execute(_COUNT, {"minute": minute}).mappings().one())
