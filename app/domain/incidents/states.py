"""The states of an incident, and which may follow which."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

from app.domain.errors import IncidentRefusedError


class State(StrEnum):
    """The state of an incident."""

    OPEN = "open"
    MITIGATED = "mitigated"  # users are no longer affected, or less; the cause remains
    RESOLVED = "resolved"
    REVIEWED = "reviewed"  # the report was read by the team


class Impact(StrEnum):
    """How much of the service is affected."""

    MINOR = "minor"
    MAJOR = "major"


_FOLLOWING: Final[Mapping[State, frozenset[State]]] = {
    State.OPEN: frozenset({State.MITIGATED, State.RESOLVED}),
    State.MITIGATED: frozenset({State.OPEN, State.RESOLVED}),
    State.RESOLVED: frozenset({State.REVIEWED}),
    State.REVIEWED: frozenset(),
}
ONGOING: Final = frozenset({State.OPEN, State.MITIGATED})

# How long nothing may fire before the service resolves an incident that it opened.
RECOVERY: Final = timedelta(minutes=5)
# An urgent alert this soon after the beginning of an incident that can wait has the same cause: warnings come first.
SAME_CAUSE: Final = timedelta(minutes=15)
# How many people must read a report before it is published, other than the person who changed it last.
REVIEWERS: Final = 1


def check_transition(current: State, following: State) -> None:
    """Raise IncidentRefusedError if a state may not follow the current one."""
    if following not in _FOLLOWING[current]:
        raise IncidentRefusedError("state")
