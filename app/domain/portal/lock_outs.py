"""When failed attempts lock a person or a network out, and for how long."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

FIRST_LOCK: Final = timedelta(minutes=15)  # doubled each time
LONGEST_LOCK: Final = timedelta(hours=24)
MONTH: Final = timedelta(days=30)
# Doublings after which LONGEST_LOCK is exceeded.
MAX_DOUBLINGS: Final = 7


@dataclass(frozen=True)
class LockOutRule:
    """How many failures of one subject are permitted.

    Each `failures` consecutive ones lock. `window`: the count starts again after so long without a failure.
    `month_failures`: no more are permitted in 30 days, until the person sets a new password, or, for codes, an
    administrator gives the person one.
    """

    name: str
    failures: int
    window: timedelta | None = None
    month_failures: int | None = None


PASSWORDS: Final = LockOutRule("password", 10, month_failures=100)  # by address
SECOND_FACTORS: Final = LockOutRule("second factor", 10, month_failures=100)  # by account
# A network may be that of a whole hospital.
NETWORKS: Final = LockOutRule("network", 100, window=timedelta(hours=1))
# Requests for a link, each of which counts: by address, and by network.
LINKS: Final = LockOutRule("link", 5, window=timedelta(hours=1))
NETWORK_LINKS: Final = LockOutRule("network's links", 50, window=timedelta(hours=1))
