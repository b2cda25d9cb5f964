"""A published day of keys: read from its file, moved to the present, and shared out among patients."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from app.domain.timeline import INTERVALS_PER_DAY
from app.domain.uploads import DiagnosisKey

MAX_KEYS_PER_PATIENT: Final = 14
_COLUMNS: Final = ("key_data", "transmission_risk_level", "rolling_start_interval_number", "rolling_period")


class DayUnreadable(Exception):  # noqa: N818 - the name says it
    """The file is not a table of published keys; the text says where."""


def read_day(path: Path) -> list[DiagnosisKey]:
    """Read a comma-separated table with the columns of `_COLUMNS`; raise DayUnreadable."""
    with path.open(newline="", encoding="utf-8") as file:
        table = csv.DictReader(file)
        if set(_COLUMNS) - set(table.fieldnames or ()):
            raise DayUnreadable(f"the columns are not {', '.join(_COLUMNS)}")
        keys = []
        for row in table:
            try:
                keys.append(_key(row))
            except (ValueError, TypeError) as error:
                raise DayUnreadable(f"line {table.line_num}: {error}") from None
    if not keys:
        raise DayUnreadable("it holds no key")
    return keys


def _key(row: dict[str, str]) -> DiagnosisKey:
    return DiagnosisKey(
        key_data=bytes.fromhex(row["key_data"]),
        transmission_risk_level=int(row["transmission_risk_level"]),
        rolling_start_interval_number=int(row["rolling_start_interval_number"]),
        rolling_period=int(row["rolling_period"]),
    )


def move_to_present(keys: Sequence[DiagnosisKey], today: int) -> list[DiagnosisKey]:
    """Shift all keys by the same whole number of days, so that the newest began two days before `today`.

    Its validity has then ended long enough ago for the server to publish it at once.
    """
    newest_day = max(key.rolling_start_interval_number for key in keys) // INTERVALS_PER_DAY
    shift = (today - 2 - newest_day) * INTERVALS_PER_DAY
    return [replace(key, rolling_start_interval_number=key.rolling_start_interval_number + shift) for key in keys]


def share_out(keys: Iterable[DiagnosisKey]) -> list[list[DiagnosisKey]]:
    """Give the keys to patients: at most one of each start to each, and at most MAX_KEYS_PER_PATIENT."""
    by_start: dict[int, list[DiagnosisKey]] = defaultdict(list)
    for key in keys:
        by_start[key.rolling_start_interval_number].append(key)
    patients: list[list[DiagnosisKey]] = []
    for start in sorted(by_start):
        for number, key in enumerate(by_start[start]):
            if number == len(patients):
                patients.append([])
            patients[number].append(key)
    return [
        patient[first : first + MAX_KEYS_PER_PATIENT]
        for patient in patients
        for first in range(0, len(patient), MAX_KEYS_PER_PATIENT)
    ]
