"""When a day of the city takes place.

Days of the city are numbered from 0. In real time, day 0 is today, and each day is lived through once it is over and
the server has published its keys. In past time, every day has passed already: keys say that they were valid then, so
fourteen days fit into a minute, and the server publishes them at once, because their validity is over.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

DAY_SECONDS = 86_400
# The server holds a key back until two hours after its validity; ten minutes more for clocks that differ.
UNTIL_PUBLISHED_SECONDS = 2 * 3_600 + 600
# Of yesterday's keys some may still be held back; those of the day before never are.
YOUNGEST_PAST_DAY = 2
_LONGEST_NAP_SECONDS = 60.0


@dataclass
class Calendar:
    """Maps the city's days to UTC day numbers, and waits where it has to."""

    days: int
    real_time: bool
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    _first: int = field(init=False)

    def __post_init__(self) -> None:
        """Fix the first day, so that the mapping stays when midnight comes during a run."""
        self._first = self.today() if self.real_time else self.today() - YOUNGEST_PAST_DAY - self.days + 1

    def today(self) -> int:
        """Return the UTC day number of this moment."""
        return int(self.now()) // DAY_SECONDS

    def date_of(self, day: int) -> int:
        """Return the UTC day number of a day of the city."""
        return self._first + day

    def wait_until_over(self, day: int) -> None:
        """Return once the keys of a day are published as soon as they are sent: at once in past time."""
        self._sleep_until((self.date_of(day) + 1) * DAY_SECONDS + UNTIL_PUBLISHED_SECONDS)

    def keep_clear_of_midnight(self, seconds: float) -> None:
        """Wait for midnight if it falls within the next `seconds`.

        A server drops its oldest day at midnight, so what a phone should find would depend on the second.
        """
        midnight = (self.today() + 1) * DAY_SECONDS
        if self.now() + seconds >= midnight:
            self._sleep_until(midnight + 1)

    def _sleep_until(self, moment: float) -> None:
        # In naps, because a laptop that was closed for the night sleeps on.
        while (left := moment - self.now()) > 0:
            self.sleep(min(left, _LONGEST_NAP_SECONDS))
