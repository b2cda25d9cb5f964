"""Diagnosis keys: storing and mixing them, selecting those of an archive, and purging those that are too old."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from sqlalchemy import Connection, text

from app.domain.exports import ExportWindow, KeyShape
from app.domain.uploads import DiagnosisKey

KEYS_PER_PIECE: Final = 4096

_COLUMNS: Final = """
    key_data, rolling_start_interval_number, rolling_period, transmission_risk_level, hour_of_submission, report_type,
    days_since_onset_of_symptoms, region
"""

# The only place that inserts keys: `region` is an expression, and `source` precedes the keys in FROM. The first
# writer's row is never changed (rule 67).
_INTO = "INSERT INTO diagnosis_keys"
_INSERT = f"""
    {_INTO} ({_COLUMNS})
    SELECT key.*, {{region}}
    FROM {{source}} unnest(
        :key_data ::bytea[], :starts ::integer[], :periods ::smallint[], :levels ::smallint[], :hours ::integer[],
        :report_types ::smallint[], :onsets ::smallint[]
    ) AS key
    WHERE {{condition}}
    ON CONFLICT (key_data) DO NOTHING
    RETURNING 1
"""  # noqa: S608 - all parts are constants


def insert_sql(*, region: str, source: str = "", condition: str = "true") -> str:
    """Return the statement that stores keys; its parameters are those of `insert_values`."""
    return _INSERT.format(region=region, source=source, condition=condition)


def insert_values(keys: Sequence[DiagnosisKey], publication_hours: Sequence[int]) -> dict[str, object]:
    """Return the parameters of `insert_sql` for keys and the hour in which each becomes public.

    Rows are in one order everywhere, so that two transactions with the same keys wait for each other, without deadlock.
    """
    rows = sorted(zip(keys, publication_hours, strict=True), key=lambda row: row[0].key_data)
    return {
        "key_data": [key.key_data for key, _ in rows],
        "starts": [key.rolling_start_interval_number for key, _ in rows],
        "periods": [key.rolling_period for key, _ in rows],
        "levels": [key.transmission_risk_level for key, _ in rows],
        "hours": [hour for _, hour in rows],
        "report_types": [key.report_type for key, _ in rows],
        "onsets": [key.days_since_onset_of_symptoms for key, _ in rows],
    }


_ADD = text(insert_sql(region=":region"))
_WINDOW = """
    hour_of_submission >= :first_hour AND hour_of_submission < :published_before_hour AND region = :region
    AND rolling_start_interval_number > :after_start
    AND rolling_start_interval_number < coalesce(:before_start, 2147483648)
"""
_SHAPES = text(f"""
    SELECT DISTINCT rolling_start_interval_number, rolling_period, transmission_risk_level, report_type,
                    days_since_onset_of_symptoms
    FROM diagnosis_keys WHERE {_WINDOW}
""")  # noqa: S608 - all parts are constants

# PostgreSQL sorts and joins a million short rows quickly. Fetching each of them into Python takes ten times as long as
# compressing them all.
_WRAPPED = text(f"""
    WITH shape AS (
        SELECT * FROM unnest(
            :starts ::integer[], :periods ::smallint[], :levels ::smallint[], :report_types ::smallint[],
            :onsets ::smallint[], :befores ::bytea[], :afters ::bytea[]
        ) AS shape (start, period, level, report_type, onset, before, after)
    ),
    numbered AS (
        SELECT shape.before || key_data || shape.after AS wrapped, row_number() OVER (ORDER BY key_data) AS number
        FROM diagnosis_keys AS key JOIN shape
            ON key.rolling_start_interval_number = shape.start AND key.rolling_period = shape.period
            AND key.transmission_risk_level = shape.level
            AND coalesce(key.report_type, -1) = coalesce(shape.report_type, -1)
            AND coalesce(key.days_since_onset_of_symptoms, -99) = coalesce(shape.onset, -99)
        WHERE {_WINDOW}
    )
    SELECT string_agg(wrapped, '' ORDER BY number) AS piece FROM numbered
    GROUP BY number / {KEYS_PER_PIECE} ORDER BY number / {KEYS_PER_PIECE}
""")  # noqa: S608 - all parts are constants
_SORT_IN_MEMORY = text("SET LOCAL work_mem = '64MB'")
_COUNT_EXPORTED = text(f"SELECT count(*) FROM diagnosis_keys WHERE {_WINDOW}")  # noqa: S608 - all parts are constants
_PURGE = text("""
    WITH batch AS MATERIALIZED (
        SELECT key_data FROM diagnosis_keys WHERE hour_of_submission < :before_hour
        LIMIT :batch FOR UPDATE SKIP LOCKED
    )
    DELETE FROM diagnosis_keys WHERE key_data IN (SELECT key_data FROM batch)
""")
_UNMIXED_HOURS = text("SELECT DISTINCT hour_of_submission FROM diagnosis_keys WHERE NOT mixed")
# Keys are deleted and inserted, not updated: PostgreSQL puts the new version of an updated row next to the old one.
_MIX = text(f"""
    WITH taken AS (
        DELETE FROM diagnosis_keys WHERE hour_of_submission = :hour
            AND EXISTS (SELECT FROM diagnosis_keys WHERE hour_of_submission = :hour AND NOT mixed)
        RETURNING {_COLUMNS}
    )
    {_INTO} ({_COLUMNS}, mixed) SELECT {_COLUMNS}, true FROM taken ORDER BY key_data
""")  # noqa: S608 - all parts are constants
_CLEAR = text("TRUNCATE diagnosis_keys")
_COUNT = text("SELECT count(*) FROM diagnosis_keys")


def add(
    connection: Connection,
    keys: Sequence[DiagnosisKey],
    publication_hours: Sequence[int],
    region: str,
) -> int:
    """Store keys, each with the hour in which it becomes public; return how many were new."""
    values = insert_values(keys, publication_hours) | {"region": region}
    return len(connection.execute(_ADD, values).all())


def wrapped_keys(
    connection: Connection, window: ExportWindow, region: str, wrap: Callable[[KeyShape], tuple[bytes, bytes]]
) -> Iterator[bytes]:
    """Yield the keys of an archive in the order of their data, which reveals nothing (rule 81).

    Each key's 16 bytes are between the two byte strings that `wrap` returns for its shape. A yielded piece holds up to
    KEYS_PER_PIECE keys, so memory does not grow with their number. An error is raised and never ends the iteration
    early (D15). The connection must be one of `Database.snapshot`, so that no shape is added in between.
    """
    values = _window_values(window) | {"region": region}
    shapes = [KeyShape(*row) for row in connection.execute(_SHAPES, values)]
    if not shapes:
        return
    connection.execute(_SORT_IN_MEMORY)
    starts, periods, levels, report_types, onsets = (list(column) for column in zip(*shapes, strict=True))
    befores, afters = (list(column) for column in zip(*map(wrap, shapes), strict=True))
    values |= {"starts": starts, "periods": periods, "levels": levels, "report_types": report_types}
    values |= {"onsets": onsets, "befores": befores, "afters": afters}
    for row in connection.execute(_WRAPPED, values, execution_options={"yield_per": 1}):
        yield bytes(row.piece)


def _window_values(window: ExportWindow) -> dict[str, object]:
    return {
        "first_hour": window.first_hour,
        "published_before_hour": window.published_before_hour,
        "after_start": window.after_start,
        "before_start": window.before_start,
    }


def count_exported(connection: Connection, window: ExportWindow, region: str) -> int:
    """Return how many keys the archive of a window holds. This reads rows, so do not call it for every download."""
    values = _window_values(window) | {"region": region}
    return int(connection.execute(_COUNT_EXPORTED, values).scalar_one())


def unmixed_hours(connection: Connection) -> list[int]:
    """Return the hours of publication with keys that have not been mixed. Reads the whole table."""
    return sorted(connection.execute(_UNMIXED_HOURS).scalars())


def mix(connection: Connection, hour: int) -> int:
    """Rewrite all keys of an hour of publication in the order of their data, if one is not mixed; return how many.

    They then share a transaction and a place in the table, so that nothing distinguishes the keys of one upload. An
    upload of a key that is being rewritten waits for the transaction to end, and skips the key as usual.
    """
    return connection.execute(_MIX, {"hour": hour}).rowcount


def purge(connection: Connection, before_hour: int, batch: int) -> int:
    """Delete keys that were published before an hour; return how many (rule 99)."""
    return connection.execute(_PURGE, {"before_hour": before_hour, "batch": batch}).rowcount


def clear(connection: Connection) -> None:
    """Delete every key: a test tool (rule 103)."""
    connection.execute(_CLEAR)


def count(connection: Connection) -> int:
    """Return how many keys are stored."""
    return int(connection.execute(_COUNT).scalar_one())
