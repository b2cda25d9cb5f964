"""Claiming a code: what a request must hold, how failed claims are counted, and what is reported (rules 26 to 46)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from app.domain.limits import MAX_ONE_TIME_CODE_CHARACTERS, PUBLIC_KEY_BYTES
from app.domain.timeline import HOURS_PER_DAY, hour_number, start_of_hour

# The current hour and the 24 before it cover at least the last 24 hours.
DAILY_WINDOW_HOURS: Final = HOURS_PER_DAY


class ClaimErrorCode(IntEnum):
    """Why a claim was refused, as on the wire."""

    UNKNOWN = 1
    INVALID_ONE_TIME_CODE = 2
    SERVER_ERROR = 3
    INVALID_KEY = 4
    TEMPORARY_BAN = 5


@dataclass(frozen=True)
class ClaimRequest:
    """A phone's request: the code as it was typed, and the phone's Curve25519 public key."""

    one_time_code: str
    app_public_key: bytes


@dataclass(frozen=True)
class BanPolicy:
    """How many wrong codes a network may try, and how long it is then banned.

    A successful claim clears what counts towards `max_failures` (rule 46), so a client with valid codes could go on
    guessing. What counts towards `max_daily_failures` is therefore cleared by time alone: failures are counted by the
    hour, and an hour counts until `DAILY_WINDOW_HOURS` later.
    """

    max_failures: int
    duration: timedelta
    max_daily_failures: int

    def window_start(self, now: datetime) -> datetime:
        """Return the oldest last failure that still counts (rules 45 and 46, D4)."""
        return now - self.duration

    def first_hour(self, now: datetime) -> int:
        """Return the oldest hour whose failures count towards the daily limit."""
        return hour_number(now) - DAILY_WINDOW_HOURS


@dataclass(frozen=True)
class BanStatus:
    """The failed claims of a network that still count, and the time of the last one.

    `ban_hour` is the hour whose failures must expire before the daily count is below its limit again; None if it is
    below the limit.
    """

    failures: int = 0
    last_failure: datetime | None = None
    daily_failures: int = 0
    ban_hour: int | None = None

    def is_banned(self, policy: BanPolicy) -> bool:
        """Return whether the network has used up its tries."""
        return self.tries_remaining(policy) == 0

    def tries_remaining(self, policy: BanPolicy) -> int:
        """Return the remaining tries, never below zero (rule 44)."""
        return max(0, min(policy.max_failures - self.failures, policy.max_daily_failures - self.daily_failures))

    def remaining_ban(self, policy: BanPolicy, now: datetime) -> timedelta:
        """Return how long the ban still lasts; zero without a ban."""
        ends = [now]
        if self.last_failure is not None and self.failures >= policy.max_failures:
            ends.append(self.last_failure + policy.duration)
        if self.ban_hour is not None:
            ends.append(start_of_hour(self.ban_hour + DAILY_WINDOW_HOURS + 1))
        return max(ends) - now


def has_valid_key(request: ClaimRequest) -> bool:
    """Return whether the phone's key has the length of a Curve25519 key (rule 33)."""
    return len(request.app_public_key) == PUBLIC_KEY_BYTES


def can_be_code(code: str) -> bool:
    """Return whether a normalised text could be a stored code.

    PostgreSQL refuses a NUL character, and a text that was never issued need not be looked up.
    """
    return len(code) <= MAX_ONE_TIME_CODE_CHARACTERS and code.isascii() and code.isalnum()
