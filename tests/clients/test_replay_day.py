"""A published day, prepared for its replay (clients/replay/day.py)."""

from collections import Counter
from pathlib import Path

import pytest

from clients.replay.day import MAX_KEYS_PER_PATIENT, DayFormatError, divide_among_patients, move_to_present, read_day

FILE = Path(__file__).parents[1] / "data" / "published_keys_2020-06-23.csv"
KEY = "0123456789abcdef" * 2
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
        (HEADER + f"{KEY},1,2,3\n{KEY[::-1]},1\n", "line 3: is incomplete"),
        (HEADER + "00,1,2,3\n", "line 2: a key has 1 bytes, not 16"),
        (HEADER + f"{KEY},1,2,3\n{KEY},1,146,3\n", "line 3: has a key of an earlier line"),
        (HEADER + f"{KEY},1,2,145\n", "line 2: .* not within a day"),
        (HEADER + "0" * 200_000, "field larger than field limit"),
        ("\x1f\x8b\x08\udc8b", "is not text in UTF-8"),
    ],
)
def test_a_file_that_is_not_a_published_day_is_refused_with_the_place(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "day.csv"
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(DayFormatError, match=reason):
        read_day(file)


def test_a_table_that_a_spreadsheet_saved_is_read(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text(f"\ufeff{HEADER}{KEY},1,2,3\r\n", encoding="utf-8")
    assert [published.key.start for published in read_day(file)] == [2]
