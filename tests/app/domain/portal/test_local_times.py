"""Local dates and times, also on the days on which clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.portal.jurisdictions import JURISDICTIONS
from app.domain.portal.local_times import TIMES, instant_of

TORONTO = ZoneInfo("America/Toronto")
FORWARD, BACK = date(2026, 3, 8), date(2026, 11, 1)


def test_a_day_has_48_times() -> None:
    assert list(TIMES) == [time(half // 2, half % 2 * 30) for half in range(48)]


@pytest.mark.parametrize(
    ("day", "clock", "is_end", "expected"),
    [
        (date(2026, 7, 1), time(12), False, datetime(2026, 7, 1, 16, tzinfo=UTC)),
        (date(2026, 1, 1), time(12), False, datetime(2026, 1, 1, 17, tzinfo=UTC)),
        (FORWARD, time(1, 30), False, datetime(2026, 3, 8, 6, 30, tzinfo=UTC)),
        (FORWARD, time(2), False, None),
        (FORWARD, time(2, 30), True, None),
        (FORWARD, time(3), False, datetime(2026, 3, 8, 7, tzinfo=UTC)),
        (BACK, time(1, 30), False, datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        (BACK, time(1, 30), True, datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
        (date.max, time(23, 30), True, None),
    ],
)
def test_a_local_time_is_one_instant(day: date, clock: time, is_end: bool, expected: datetime | None) -> None:
    assert instant_of(day, clock, TORONTO, is_end=is_end) == expected


@given(
    st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    st.sampled_from(TIMES),
    st.sampled_from(sorted(JURISDICTIONS)),
)
def test_an_instant_is_shown_as_the_time_that_was_chosen(day: date, clock: time, code: str) -> None:
    zone = JURISDICTIONS[code].zone
    start, end = instant_of(day, clock, zone), instant_of(day, clock, zone, is_end=True)
    assert (start is None) == (end is None)
    if start and end:
        assert timedelta(0) <= end - start <= timedelta(hours=1)
        for instant in (start, end):
            assert instant.astimezone(zone).replace(tzinfo=None) == datetime.combine(day, clock)
