"""Claiming a code: what a request must hold, how guesses are counted, and how an answer follows (rules 26 to 46)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from app.domain.limits import MAX_ONE_TIME_CODE_CHARACTERS, PUBLIC_KEY_BYTES
from app.domain.timeline import HOURS_PER_DAY, hour_number, start_of_hour

# The current hour and these before it hold at least the last 24 hours, so no such span has more than the limit.
DAILY_WINDOW_HOURS: Final = HOURS_PER_DAY


class ClaimError(IntEnum):
    """Why a claim was refused; the values are those on the wire."""

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
    """How many wrong codes a network may try, and for how long it is then refused.

    A good code clears what counts towards `max_failures` (rule 46), so whoever holds good codes could guess on and
    on. What counts towards `max_daily_failures` is cleared by time alone: it is counted for each hour, and an hour
    counts until `DAILY_WINDOW_HOURS` later.
    """

    max_failures: int
    duration: timedelta
    max_daily_failures: int

    def window_start(self, now: datetime) -> datetime:
        """Return the oldest last failure that still counts; an older one is forgotten (rules 45 and 46, D4)."""
        return now - self.duration

    def first_hour(self, now: datetime) -> int:
        """Return the oldest hour whose failures count towards the day's."""
        return hour_number(now) - DAILY_WINDOW_HOURS


@dataclass(frozen=True)
class Standing:
    """A network's place in the ledger: wrong codes that still count, and when the last was.

    `ban_hour` is the hour whose failures must be forgotten before the day's are below their limit again, None while
    they are.
    """

    failures: int = 0
    last_failure: datetime | None = None
    daily_failures: int = 0
    ban_hour: int | None = None

    def is_banned(self, policy: BanPolicy) -> bool:
        """Tell whether the network has used up its tries."""
        return self.tries_remaining(policy) == 0

    def tries_remaining(self, policy: BanPolicy) -> int:
        """Return the tries left, never below zero (rule 44)."""
        return max(0, min(policy.max_failures - self.failures, policy.max_daily_failures - self.daily_failures))

    def remaining_ban(self, policy: BanPolicy, now: datetime) -> timedelta:
        """Return how long the network is still refused; zero when it is not."""
        ends = [now]
        if self.last_failure is not None and self.failures >= policy.max_failures:
            ends.append(self.last_failure + policy.duration)
        if self.ban_hour is not None:
            ends.append(start_of_hour(self.ban_hour + DAILY_WINDOW_HOURS + 1))
        return max(ends) - now


class ClaimRefused(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """A claim that the service will not grant, with the standing that the phone is told.

    `is_malformed` separates a request that no phone should send (400) from one that was judged (401).
    """

    def __init__(self, error: ClaimError, standing: Standing, *, is_malformed: bool = False) -> None:
        super().__init__(error.name)
        self.error = error
        self.standing = standing
        self.is_malformed = is_malformed


def has_valid_key(request: ClaimRequest) -> bool:
    """Tell whether the phone's key has the length of a Curve25519 key (rule 33)."""
    return len(request.app_public_key) == PUBLIC_KEY_BYTES


def can_be_code(code: str) -> bool:
    """Tell whether a normalised text could be stored as a code at all.

    PostgreSQL refuses a NUL character, and a code never issued need not be looked up: such a try is just wrong.
    """
    return 0 < len(code) <= MAX_ONE_TIME_CODE_CHARACTERS and code.isascii() and code.isalnum()
