"""The timeline of an incident: what happened near it, whether or not it was known to matter."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

# A cause is often older than its effect: what happened so long before an incident is shown in its timeline.
LEAD: Final = timedelta(hours=2)

MAX_NOTE: Final = 2000  # characters


class EventKind(StrEnum):
    """What happened."""

    OPENED = "opened"
    ALERT_FIRED = "alert-fired"
    ALERT_ENDED = "alert-ended"
    DEPLOY = "deploy"
    SETTING = "setting"  # only the name of the setting is recorded, never its value
    MIGRATION = "migration"
    NOTE = "note"
    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"
    REOPENED = "reopened"
    RESOLVED = "resolved"
    REVIEWED = "reviewed"
    PUBLISHED = "published"


# What the status page shows of an incident while it lasts. Notes are shown if their author published them.
PUBLIC_KINDS: Final = frozenset({EventKind.OPENED, EventKind.MITIGATED, EventKind.REOPENED, EventKind.RESOLVED})


@dataclass(frozen=True)
class Event:
    """An event. `subject` is the name of an alert or a setting, a version or a schema.

    `text` and `text_fr` are those of a note, in English and in French; one of them may be empty.
    """

    at: datetime
    kind: EventKind
    subject: str = ""
    text: str = ""
    author: str = ""
    is_public: bool = False
    text_fr: str = ""


def window(began: datetime, resolved: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """Return from when until when events belong to the timeline of an incident."""
    return began - LEAD, resolved or now
