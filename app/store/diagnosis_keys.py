"""The published keys: which belong to an archive, and which are too old to keep."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from app.domain.exports import ExportWindow

KEYS_PER_PIECE: Final = 4096


class KeyShape(NamedTuple):
    """Everything of a key but its data. Thousands of keys share the few shapes of a day."""

    rolling_start_interval_number: int
    rolling_period: int
    transmission_risk_level: int
    report_type: int | None
    days_since_onset_of_symptoms: int | None


_WINDOW = """
    hour_of_submission >= :first_hour AND hour_of_submission < :published_before_hour AND region = :region
    AND rolling_start_interval_number > :after_start
    AND rolling_start_interval_number < coalesce(:before_start, 2147483648)
"""
_SHAPES = text(f"""
    SELECT DISTINCT rolling_start_interval_number, rolling_period, transmission_risk_level, report_type,
                    days_since_onset_of_symptoms
    FROM diagnosis_keys WHERE {_WINDOW}
""")  # noqa: S608 - both parts are constants

# Sorting and joining a million short rows is what the database is good at; fetching each into Python takes ten times
# as long as compressing them all.
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
_COUNT_PUBLISHED = text("""
    SELECT count(*) FROM diagnosis_keys
    WHERE hour_of_submission >= :first_hour AND hour_of_submission < :published_before_hour
""")
_COUNT_EXPORTED = text(f"SELECT count(*) FROM diagnosis_keys WHERE {_WINDOW}")  # noqa: S608 - both are constants
_PURGE = text("""
    DELETE FROM diagnosis_keys WHERE key_data IN (
        SELECT key_data FROM diagnosis_keys WHERE hour_of_submission < :before_hour
        LIMIT :batch FOR UPDATE SKIP LOCKED
    )
""")
_CLEAR = text("TRUNCATE diagnosis_keys")
_COUNT = text("SELECT count(*) FROM diagnosis_keys")


def wrapped_keys(
    connection: Connection, window: ExportWindow, region: str, wrap: Callable[[KeyShape], tuple[bytes, bytes]]
) -> Iterator[bytes]:
    """Yield the data of an archive's keys in its own order, so that order tells nothing (rule 81).

    Each key's 16 bytes stand between the two pieces that `wrap` returns for its shape, and KEYS_PER_PIECE keys make
    one yielded piece, so memory does not grow with their number. An error half-way is raised here and never ends the
    iteration early (D15). The connection must be one of `Database.snapshot`, so that no new shape comes in between.
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


def count_published(connection: Connection, window: ExportWindow) -> int:
    """Return how many keys were published in the window, of any region: while it stays the same, so do they.

    The index alone answers this.
    """
    return int(connection.execute(_COUNT_PUBLISHED, _window_values(window)).scalar_one())


def count_exported(connection: Connection, window: ExportWindow, region: str) -> int:
    """Return how many keys the archive of a window holds. This reads rows, so it is not for every download."""
    values = _window_values(window) | {"region": region}
    return int(connection.execute(_COUNT_EXPORTED, values).scalar_one())


def purge(connection: Connection, before_hour: int, batch: int) -> int:
    """Delete keys published before an hour; return how many (rule 99)."""
    return connection.execute(_PURGE, {"before_hour": before_hour, "batch": batch}).rowcount


def clear(connection: Connection) -> None:
    """Delete every key: a test tool (rule 103)."""
    connection.execute(_CLEAR)


def count(connection: Connection) -> int:
    """Return how many keys are stored."""
    return int(connection.execute(_COUNT).scalar_one())
