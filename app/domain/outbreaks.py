"""Outbreak events: a place, a period and a severity, as an authority reports them (rule 104)."""

from dataclasses import dataclass
from enum import IntEnum

from app.domain.limits import LOCATION_ID_BYTES


class OutbreakError(IntEnum):
    """Why an outbreak event was refused; the values are those on the wire."""

    UNKNOWN = 1
    INVALID_ID = 2
    MISSING_TIMESTAMP = 3
    PERIOD_INVALID = 4
    SERVER_ERROR = 5


class OutbreakRefused(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """An outbreak event that the service will not accept."""

    def __init__(self, error: OutbreakError) -> None:
        super().__init__(error.name)
        self.error = error


@dataclass(frozen=True)
class OutbreakEvent:
    """A place (eight bytes of text) where infection was likely from start to end, in unix seconds."""

    location_id: str
    start_seconds: int
    end_seconds: int
    severity: int


# The last second that PostgreSQL and Python can both name as a date; a later one is a mistake of the sender.
MAX_SECONDS = 253402300799


def judge_outbreak(event: OutbreakEvent) -> None:
    """Accept the event or raise OutbreakRefused with the first rule that it breaks (rule 104, defect D21)."""
    if len(event.location_id.encode()) != LOCATION_ID_BYTES or "\0" in event.location_id:
        raise OutbreakRefused(OutbreakError.INVALID_ID)
    if event.start_seconds < 1 or event.end_seconds < 1:
        raise OutbreakRefused(OutbreakError.MISSING_TIMESTAMP)
    if event.end_seconds - event.start_seconds < 1 or event.end_seconds > MAX_SECONDS:
        raise OutbreakRefused(OutbreakError.PERIOD_INVALID)
