"""A published day of keys: read from its file, moved to the present, and divided among patients."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from clients.phone.archive import PublishedKey
from clients.phone.crypto import DAY_INTERVALS, DailyKey

MAX_KEYS_PER_PATIENT: Final = 14
_COLUMNS: Final = ("key_data", "transmission_risk_level", "rolling_start_interval_number", "rolling_period")


class DayFormatError(ValueError):
    """The file is not a table of published keys; the text names the place."""


def read_day(path: Path) -> list[PublishedKey]:
    """Return the keys of a comma-separated table with the columns of `_COLUMNS`; raise DayFormatError or OSError."""
    with path.open(newline="", encoding="utf-8") as file:
        table = csv.DictReader(file)
        if set(_COLUMNS) - set(table.fieldnames or ()):
            raise DayFormatError(f"{path}: the columns are not {', '.join(_COLUMNS)}")
        keys = []
        for row in table:
            try:
                keys.append(_key(row))
            except (ValueError, TypeError) as error:
                raise DayFormatError(f"{path}, line {table.line_num}: {error}") from None
    if not keys:
        raise DayFormatError(f"{path}: has no keys")
    return keys


def _key(row: dict[str, str]) -> PublishedKey:
    start, period = int(row["rolling_start_interval_number"]), int(row["rolling_period"])
    key = DailyKey(bytes.fromhex(row["key_data"]), start, period)
    return PublishedKey(key, int(row["transmission_risk_level"]))


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
