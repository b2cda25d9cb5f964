"""Which entries of the audit log a person wants to see."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Criteria:
    """Which entries are wanted; what is None does not matter. `person`: part of the actor's or the target's name."""

    jurisdiction: str | None = None
    person: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None
