"""Times for people and programs: ISO 8601 in UTC, and ages."""

from datetime import UTC, datetime
from typing import Final

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))


def iso(unix_seconds: float) -> str:
    """Return a time as 2026-11-27T16:55:43Z; an empty text for 0, which is no time."""
    if not unix_seconds:
        return ""
    return datetime.fromtimestamp(int(unix_seconds), UTC).isoformat().replace("+00:00", "Z")


def age(seconds: float) -> str:
    """Return a duration in its largest unit, such as `3 h`."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"
