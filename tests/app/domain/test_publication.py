"""When a key becomes public (app/domain/publication.py, defect D18)."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.exports import ExportPolicy, export_window
from app.domain.publication import MAX_HOLD_HOURS, publication_hour
from app.domain.timeline import day_number, hour_number
from app.domain.uploads import DiagnosisKey
from tests.support.clock import NOON

HOUR = hour_number(NOON)
TODAY = day_number(NOON)
POLICY = ExportPolicy(serve_current_day=True, serve_bundle=True, publish_active_keys=False)


def key(start: int, period: int = 144) -> DiagnosisKey:
    return DiagnosisKey(b"k" * 16, start, period, 1)


def test_a_key_whose_validity_ended_is_published_at_once() -> None:
    assert publication_hour(key((TODAY - 1) * 144), HOUR, publish_active_keys=False) == HOUR


def test_todays_key_is_held_until_two_hours_into_tomorrow() -> None:
    assert publication_hour(key(TODAY * 144), HOUR, publish_active_keys=False) == (TODAY + 1) * 24 + 2


def test_a_key_cut_short_within_an_hour_is_held_to_the_next_whole_hour() -> None:
    assert publication_hour(key(TODAY * 144, 73), HOUR, publish_active_keys=False) == TODAY * 24 + 13 + 2


def test_the_public_servers_way_publishes_every_key_at_once() -> None:
    assert publication_hour(key(TODAY * 144), HOUR, publish_active_keys=True) == HOUR


@settings(deadline=None)  # machines differ in speed
@given(st.integers(-(2**31), 2**31 - 1), st.integers(1, 144))
def test_no_archive_ever_holds_a_key_before_its_validity_ended_with_two_hours_to_spare(start: int, period: int) -> None:
    hour = publication_hour(key(start, period), HOUR, publish_active_keys=False)
    assert HOUR <= hour <= HOUR + MAX_HOLD_HOURS
    for days in range(20):
        now = NOON + timedelta(days=days)
        for archive in (0, *range(day_number(now) - 14, day_number(now) + 1)):
            window = export_window(archive, now, POLICY)
            published = window.first_hour <= hour < window.published_before_hour
            assert window.before_start is not None
            if published and window.after_start < start < window.before_start:
                assert now.timestamp() >= (start + period) * 600
                assert hour * 3600 >= (start + period) * 600 + 2 * 3600 or hour == HOUR
