"""Small counts are not shown, because they may identify people, and neither is what would reveal them.

A count is hidden if it is below the threshold. If the total is shown, total minus the shown counts is the sum of the
hidden ones. It must not be a small count either, nor that of a single place, so more counts are hidden until the
hidden ones are at least two and their sum reaches the threshold.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

THRESHOLD: Final = 20
_LEAST_HIDDEN: Final = 2


@dataclass(frozen=True)
class PublishedCounts:
    """Counts by place, and their total; None is hidden."""

    counts: Mapping[str, int | None]
    total: int | None


def suppress(counts: Mapping[str, int], threshold: int = THRESHOLD) -> PublishedCounts:
    """Return the counts that may be shown together with each other and with their total."""
    total = sum(counts.values())
    hidden = {place for place, count in counts.items() if count < threshold}
    total_is_shown = total >= threshold
    if total_is_shown and hidden:
        for place in sorted(counts.keys() - hidden, key=lambda each: (counts[each], each)):
            if _is_protected(counts, hidden, threshold):
                break
            hidden.add(place)
        total_is_shown = _is_protected(counts, hidden, threshold)
    shown = {place: None if place in hidden else count for place, count in counts.items()}
    return PublishedCounts(shown, total if total_is_shown else None)


def _is_protected(counts: Mapping[str, int], hidden: set[str], threshold: int) -> bool:
    return len(hidden) >= _LEAST_HIDDEN and sum(counts[place] for place in hidden) >= threshold
