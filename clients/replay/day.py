"""A published day of keys: read from its file, moved to the present, and divided among patients."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from clients.phone.archive import PublishedKey
from clients.phone.crypto import DAY_INTERVALS, KEY_BYTES, DailyKey

MAX_KEYS_PER_PATIENT: Final = 14
_COLUMNS: Final = ("key_data", "transmission_risk_level", "rolling_start_interval_number", "rolling_period")


class DayFormatError(ValueError):
    """The file is not a table of published keys; the text names the place."""


def read_day(path: Path) -> list[PublishedKey]:
    """Return the keys of a comma-separated table with the columns of `_COLUMNS`; raise DayFormatError or OSError."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:  # spreadsheets begin a file with a byte order mark
            keys = _read(csv.DictReader(file), path)
    except UnicodeDecodeError:
        raise DayFormatError(f"{path}: is not text in UTF-8") from None
    except csv.Error as error:
        raise DayFormatError(f"{path}: {error}") from None
    if not keys:
        raise DayFormatError(f"{path}: has no keys")
    return list(keys.values())


def _read(table: "csv.DictReader[str]", path: Path) -> dict[bytes, PublishedKey]:
    """Return each key by its bytes."""
    if set(_COLUMNS) - set(table.fieldnames or ()):
        raise DayFormatError(f"{path}: the columns are not {', '.join(_COLUMNS)}")
    keys: dict[bytes, PublishedKey] = {}
    for row in table:
        try:
            published = _key(row)
            if published.key.key_data in keys:
                raise ValueError("has a key of an earlier line")
        except ValueError as error:
            raise DayFormatError(f"{path}, line {table.line_num}: {error}") from None
        keys[published.key.key_data] = published
    return keys


def _key(row: Mapping[str, str | None]) -> PublishedKey:
    data, risk_level, start, period = (row[name] or "" for name in _COLUMNS)
    if not period:
        raise ValueError("is incomplete")
    key = DailyKey(bytes.fromhex(data), int(start), int(period))
    if len(key.key_data) != KEY_BYTES:
        raise ValueError(f"a key has {len(key.key_data)} bytes, not {KEY_BYTES}")
    if not 1 <= key.period <= DAY_INTERVALS:
        raise ValueError(f"a validity of {key.period} intervals is not within a day")
    return PublishedKey(key, int(risk_level))


def move_to_present(keys: Sequence[PublishedKey], today: int) -> list[PublishedKey]:
    """Shift all keys by the same whole number of days, so that the newest began two days before `today`.

    Its validity has then ended long enough ago for the server to publish it at once.
    """
    newest_day = max(published.key.start for published in keys) // DAY_INTERVALS
    shift = (today - 2 - newest_day) * DAY_INTERVALS
    return [replace(published, key=replace(published.key, start=published.key.start + shift)) for published in keys]


def divide_among_patients(keys: Iterable[PublishedKey]) -> list[list[PublishedKey]]:
    """Return the keys of each patient: at most one of each start, and at most MAX_KEYS_PER_PATIENT."""
    by_start: dict[int, list[PublishedKey]] = defaultdict(list)
    for published in keys:
        by_start[published.key.start].append(published)
    patients: list[list[PublishedKey]] = []
    for start in sorted(by_start):
        for number, published in enumerate(by_start[start]):
            if number == len(patients):
                patients.append([])
            patients[number].append(published)
    return [
        patient[first : first + MAX_KEYS_PER_PATIENT]
        for patient in patients
        for first in range(0, len(patient), MAX_KEYS_PER_PATIENT)
    ]
