"""A published day, prepared for its replay (app/replay/day.py)."""

from collections import Counter
from pathlib import Path

import pytest

from app.replay.day import MAX_KEYS_PER_PATIENT, DayUnreadable, move_to_present, read_day, share_out

FILE = Path(__file__).parents[2] / "data" / "published_keys_2020-06-23.csv"
HEADER = "key_data,transmission_risk_level,rolling_start_interval_number,rolling_period\n"


def test_the_first_day_of_a_real_service_has_503_keys() -> None:
    assert len(read_day(FILE)) == 503


def test_keys_move_by_whole_days_until_the_newest_began_two_days_ago() -> None:
    keys, today = read_day(FILE), 20_000
    moved = move_to_present(keys, today)
    shifts = {
        new.rolling_start_interval_number - old.rolling_start_interval_number
        for old, new in zip(keys, moved, strict=True)
    }
    assert len(shifts) == 1
    assert shifts.pop() % 144 == 0
    assert max(key.rolling_start_interval_number for key in moved) == (today - 2) * 144


def test_no_patient_has_two_keys_of_a_day_or_too_many_and_no_key_is_lost() -> None:
    keys = read_day(FILE)
    patients = share_out(keys)
    assert Counter(key.key_data for patient in patients for key in patient) == Counter(key.key_data for key in keys)
    for patient in patients:
        starts = [key.rolling_start_interval_number for key in patient]
        assert len(starts) == len(set(starts)) <= MAX_KEYS_PER_PATIENT


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the columns are not"),
        ("key_data\n00", "the columns are not"),
        (HEADER, "it holds no key"),
        (HEADER + "zz,1,2,3\n", "line 2"),
        (HEADER + "00,1,2,3\n00,1\n", "line 3"),
    ],
)
def test_a_file_that_is_no_published_day_is_refused_with_the_place(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "day.csv"
    file.write_text(text)
    with pytest.raises(DayUnreadable, match=reason):
        read_day(file)
