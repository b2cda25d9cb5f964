"""When a key becomes public (app/domain/publication.py, defect D18)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.exports import ExportPolicy, export_window
from app.domain.publication import (
    CLOSING,
    MAX_HOLD_HOURS,
    ReleasePolicy,
    batch_hour,
    closed_batch,
    next_release,
    publication_hour,
)
from app.domain.timeline import day_number, hour_number, midnight, start_of_hour
from app.domain.uploads import DiagnosisKey
from clients.phone.schedule import BUNDLE, periods_to_fetch
from tests.support.clock import NOON

HOUR = hour_number(NOON)
TODAY = day_number(NOON)
EXPORTS = ExportPolicy(serve_current_day=True, serve_bundle=True, publish_active_keys=False)
AT_ONCE = ReleasePolicy(period_hours=0, publish_active_keys=False)
HOURLY = ReleasePolicy(period_hours=1, publish_active_keys=False)
EVERY_FOUR_HOURS = ReleasePolicy(period_hours=4, publish_active_keys=False)
PHONE_INTERVAL = timedelta(minutes=240)


def key(start: int, period: int = 144) -> DiagnosisKey:
    return DiagnosisKey(b"k" * 16, start, period, 1)


def test_a_key_whose_validity_ended_is_published_at_once_without_batches() -> None:
    assert publication_hour(key((TODAY - 1) * 144), NOON, AT_ONCE) == HOUR


def test_todays_key_is_held_until_two_hours_into_tomorrow() -> None:
    assert publication_hour(key(TODAY * 144), NOON, AT_ONCE) == (TODAY + 1) * 24 + 2
    assert publication_hour(key(TODAY * 144), NOON, HOURLY) == (TODAY + 1) * 24 + 2


def test_a_key_cut_short_within_an_hour_is_held_to_the_next_whole_hour() -> None:
    assert publication_hour(key(TODAY * 144, 73), NOON, AT_ONCE) == TODAY * 24 + 13 + 2


def test_the_public_servers_way_publishes_every_key_at_once() -> None:
    policy = ReleasePolicy(period_hours=0, publish_active_keys=True)
    assert publication_hour(key(TODAY * 144), NOON, policy) == HOUR


def test_a_held_key_is_released_with_a_batch() -> None:
    assert publication_hour(key(TODAY * 144), NOON, EVERY_FOUR_HOURS) == (TODAY + 1) * 24 + 4


def test_an_upload_is_released_with_its_batch_which_closes_five_minutes_before() -> None:
    hour = start_of_hour(HOUR)  # 12:00
    moments = [hour - CLOSING, hour, hour + timedelta(minutes=54, seconds=59), hour + timedelta(minutes=55)]
    assert [batch_hour(moment, HOURLY) - HOUR for moment in moments] == [1, 1, 1, 2]
    assert [batch_hour(moment, EVERY_FOUR_HOURS) - HOUR for moment in moments] == [4, 4, 4, 4]
    assert [closed_batch(moment, HOURLY) for moment in moments] == [HOUR, None, None, HOUR + 1]
    assert [closed_batch(moment, EVERY_FOUR_HOURS) for moment in moments] == [HOUR, None, None, None]
    assert [next_release(moment, EVERY_FOUR_HOURS) - HOUR for moment in moments] == [0, 4, 4, 4]


def test_without_batches_none_is_ever_closed() -> None:
    assert closed_batch(start_of_hour(HOUR) - CLOSING, AT_ONCE) is None


@given(st.integers(-(2**31), 2**31 - 1), st.integers(1, 144), st.integers(0, 24))
def test_no_archive_ever_holds_a_key_before_its_validity_ended_with_two_hours_to_spare(
    start: int, period: int, hours: int
) -> None:
    hour = publication_hour(key(start, period), NOON, ReleasePolicy(hours, publish_active_keys=False))
    assert HOUR <= hour <= HOUR + MAX_HOLD_HOURS + hours
    for days in range(20):
        now = NOON + timedelta(days=days)
        for archive in (0, *range(day_number(now) - 14, day_number(now) + 1)):
            window = export_window(archive, now, EXPORTS)
            published = window.first_hour <= hour < window.published_before_hour
            assert window.before_start is not None
            if published and window.after_start < start < window.before_start:
                assert now.timestamp() >= (start + period) * 600
                assert hour * 3600 >= (start + period) * 600 + 2 * 3600 or hour == batch_hour(
                    NOON, ReleasePolicy(hours, publish_active_keys=False)
                )


@given(st.integers(0, 3 * 86400), st.integers(-14, 1), st.integers(1, 144), st.integers(1, 24), st.booleans())
def test_keys_are_added_only_at_a_release_and_never_to_a_batch_that_is_nearly_public(
    seconds: int, day: int, period: int, hours: int, active: bool
) -> None:
    policy = ReleasePolicy(hours, publish_active_keys=active)
    now = NOON + timedelta(seconds=seconds)
    hour = publication_hour(key((day_number(now) + day) * 144, period), now, policy)
    assert hour % hours == 0
    assert start_of_hour(hour) > now + CLOSING - timedelta(microseconds=1)


class Country:
    """Uploads of some days under a policy, and the archives that phones are given."""

    FIRST = midnight(NOON)
    DAYS = 3
    AGES = (0, 1, 4, 10)  # in days; young enough to be in every archive that phones still fetch

    def __init__(self, policy: ReleasePolicy) -> None:
        self.keys = list(self._upload(policy))

    def _upload(self, policy: ReleasePolicy) -> Iterator[tuple[datetime, int, int]]:
        """Yield the time of upload, hour of publication and start of each key, at every minute of an hour."""
        for number in range(self.DAYS * 24 * 60 // 47):
            now = self.FIRST + timedelta(minutes=47 * number)
            for age in self.AGES:
                start = (day_number(now) - age) * 144
                yield now, publication_hour(key(start), now, policy), start

    def archive(self, period: int, now: datetime) -> list[int]:
        """Return the positions in `keys` of those in an archive at some time."""
        window = export_window(period, now, EXPORTS)
        return [
            number
            for number, (uploaded, public_from, start) in enumerate(self.keys)
            if uploaded <= now
            and window.first_hour <= public_from < window.published_before_hour
            and start > window.after_start
            and (window.before_start is None or start < window.before_start)
        ]

    def polls(self, offset: timedelta) -> Iterator[tuple[datetime, list[int]]]:
        """Yield when a phone checks, and which periods it then fetches."""
        now, last_checked = self.FIRST + offset, None
        while now < self.FIRST + timedelta(days=self.DAYS + 3):
            yield now, periods_to_fetch(day_number(now), last_checked)
            last_checked = day_number(now)
            now += PHONE_INTERVAL


@pytest.mark.parametrize("hours", [0, 1, 3, 4, 5, 24])
def test_each_phone_is_given_each_key_in_one_archive_whenever_it_checks(hours: int) -> None:
    country = Country(ReleasePolicy(hours, publish_active_keys=False))
    for minute in range(int(PHONE_INTERVAL.total_seconds()) // 60):
        days: dict[int, set[int]] = {}
        for now, periods in country.polls(timedelta(minutes=minute)):
            for period in periods:
                days.setdefault(period, set()).update(country.archive(period, now))
        assert days.pop(BUNDLE, set()) == set()  # no key was public when the phone was new
        found = [number for numbers in days.values() for number in numbers]
        assert len(found) == len(set(found)), f"a key is in the archives of two days, offset {minute}"
        assert len(found) == len(country.keys), f"a phone misses keys, offset {minute}"


def test_a_phone_that_checks_just_after_midnight_needs_the_hour_of_release() -> None:
    """Keys of the last minutes of a day are in the next day's archive: the day's own is not fetched again."""
    late = midnight(NOON) + timedelta(hours=23, minutes=57)
    yesterdays = key((TODAY - 1) * 144)
    assert publication_hour(yesterdays, late, HOURLY) == (TODAY + 1) * 24 + 1
    assert publication_hour(yesterdays, late, EVERY_FOUR_HOURS) == (TODAY + 1) * 24 + 4
    assert late.tzinfo is UTC
