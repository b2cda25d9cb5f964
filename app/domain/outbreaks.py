"""Outbreak events: a place, a period and a severity, as a health authority reports them (rule 104)."""

from dataclasses import dataclass
from enum import IntEnum

from app.domain.errors import OutbreakError
from app.domain.limits import LOCATION_ID_BYTES


class OutbreakErrorCode(IntEnum):
    """Why an outbreak event was refused, as on the wire."""

    UNKNOWN = 1
    INVALID_ID = 2
    MISSING_TIMESTAMP = 3
    PERIOD_INVALID = 4
    SERVER_ERROR = 5


@dataclass(frozen=True)
class OutbreakEvent:
    """A place (eight bytes of text) where infection was likely from start to end, in unix seconds."""

    location_id: str
    start_seconds: int
    end_seconds: int
    severity: int


# The last second that Python can represent as a date.
MAX_SECONDS = 253402300799


def validate_outbreak(event: OutbreakEvent) -> None:
    """Raise OutbreakError for the first rule that the event breaks (rule 104, defect D21)."""
    if len(event.location_id.encode()) != LOCATION_ID_BYTES or "\0" in event.location_id:
        raise OutbreakError(OutbreakErrorCode.INVALID_ID)
    if event.start_seconds < 1 or event.end_seconds < 1:
        raise OutbreakError(OutbreakErrorCode.MISSING_TIMESTAMP)
    if event.end_seconds - event.start_seconds < 1 or event.end_seconds > MAX_SECONDS:
        raise OutbreakError(OutbreakErrorCode.PERIOD_INVALID)
