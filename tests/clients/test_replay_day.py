"""A published day, prepared for its replay (clients/replay/day.py)."""

from collections import Counter
from pathlib import Path

import pytest

from clients.replay.day import MAX_KEYS_PER_PATIENT, DayFormatError, divide_among_patients, move_to_present, read_day

FILE = Path(__file__).parents[1] / "data" / "published_keys_2020-06-23.csv"
HEADER = "key_data,transmission_risk_level,rolling_start_interval_number,rolling_period\n"


def test_the_first_day_of_a_real_service_has_503_keys() -> None:
    assert len(read_day(FILE)) == 503


def test_keys_move_by_whole_days_until_the_newest_began_two_days_ago() -> None:
    keys, today = read_day(FILE), 20_000
    moved = move_to_present(keys, today)
    shifts = {new.key.start - old.key.start for old, new in zip(keys, moved, strict=True)}
    assert len(shifts) == 1
    assert shifts.pop() % 144 == 0
    assert max(published.key.start for published in moved) == (today - 2) * 144


def test_no_patient_has_two_keys_of_a_day_or_too_many_and_no_key_is_lost() -> None:
    keys = read_day(FILE)
    patients = divide_among_patients(keys)
    assert Counter(one.key.key_data for patient in patients for one in patient) == Counter(
        one.key.key_data for one in keys
    )
    for patient in patients:
        starts = [published.key.start for published in patient]
        assert len(starts) == len(set(starts)) <= MAX_KEYS_PER_PATIENT


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the columns are not"),
        ("key_data\n00", "the columns are not"),
        (HEADER, "has no keys"),
        (HEADER + "zz,1,2,3\n", "line 2"),
        (HEADER + "00,1,2,3\n00,1\n", "line 3"),
    ],
)
def test_a_file_that_is_not_a_published_day_is_refused_with_the_place(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "day.csv"
    file.write_text(text)
    with pytest.raises(DayFormatError, match=reason):
        read_day(file)
