"""Bans of networks (app/domain/claims.py)."""

from datetime import timedelta

import pytest

from app.domain.claims import BanPolicy, BanStatus, can_be_code
from app.domain.timeline import hour_number
from tests.support.clock import NOON

POLICY = BanPolicy(50, timedelta(hours=1), 500)
NOON_HOUR = hour_number(NOON)


@pytest.mark.parametrize(
    ("failures", "tries", "banned"), [(0, 50, False), (49, 1, False), (50, 0, True), (51, 0, True)]
)
def test_the_fiftieth_failure_bans(failures: int, tries: int, banned: bool) -> None:
    standing = BanStatus(failures, NOON)
    assert standing.tries_remaining(POLICY) == tries
    assert standing.is_banned(POLICY) is banned


def test_a_ban_runs_from_the_last_failure_and_is_never_negative() -> None:
    standing = BanStatus(50, NOON)
    assert standing.remaining_ban(POLICY, NOON) == timedelta(hours=1)
    assert standing.remaining_ban(POLICY, NOON + timedelta(minutes=59)) == timedelta(minutes=1)
    assert standing.remaining_ban(POLICY, NOON + timedelta(hours=2)) == timedelta(0)


def test_a_network_without_a_ban_has_no_wait() -> None:
    assert BanStatus(49, NOON).remaining_ban(POLICY, NOON) == timedelta(0)
    assert BanStatus().remaining_ban(POLICY, NOON) == timedelta(0)


@pytest.mark.parametrize(
    ("recent", "daily", "tries"), [(0, 0, 50), (0, 449, 50), (0, 451, 49), (10, 480, 20), (0, 500, 0), (50, 60, 0)]
)
def test_the_smaller_number_of_tries_applies(recent: int, daily: int, tries: int) -> None:
    standing = BanStatus(recent, NOON, daily, NOON_HOUR if daily >= 500 else None)
    assert standing.tries_remaining(POLICY) == tries
    assert standing.is_banned(POLICY) is (tries == 0)


def test_a_daily_ban_lasts_until_its_hour_expires() -> None:
    standing = BanStatus(0, None, 500, NOON_HOUR - 3)
    lifted = NOON.replace(minute=0, second=0, microsecond=0) + timedelta(hours=22)
    assert standing.remaining_ban(POLICY, NOON) == lifted - NOON
    assert POLICY.first_hour(lifted - timedelta(microseconds=1)) == NOON_HOUR - 3
    assert POLICY.first_hour(lifted) == NOON_HOUR - 2


def test_the_longer_of_two_bans_is_reported() -> None:
    assert BanStatus(50, NOON, 500, NOON_HOUR - 24).remaining_ban(POLICY, NOON) == timedelta(hours=1)
    assert BanStatus(50, NOON, 500, NOON_HOUR).remaining_ban(POLICY, NOON) > timedelta(hours=24)


@pytest.mark.parametrize("text", ["", "A" * 11, "AB\0", "ÄÖÜ", "AB CD"])
def test_impossible_codes_are_not_looked_up(text: str) -> None:
    assert not can_be_code(text)


def test_possible_codes_are_looked_up() -> None:
    assert can_be_code("AEF245HJKL")
