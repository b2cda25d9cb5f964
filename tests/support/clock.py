"""A clock that tests set."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# A Wednesday, a quarter past noon: no boundary of an hour or a day is near.
NOON = datetime(2026, 3, 18, 12, 15, 30, 250_000, tzinfo=UTC)


@dataclass
class FakeClock:
    """Returns the time that a test set, or the real time if `runs`."""

    now: datetime = NOON
    runs: bool = False

    def __call__(self) -> datetime:
        return datetime.now(UTC) if self.runs else self.now

    def advance(self, **duration: float) -> None:
        """Advance by a duration, with the arguments of timedelta."""
        self.now += timedelta(**duration)
