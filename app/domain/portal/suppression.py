"""Small counts are not shown, because they may identify people, and neither is what would reveal them.

A count below the threshold is hidden. The total minus the shown counts is the sum of the hidden ones, so further counts
are hidden until that sum reveals nothing. The rule is public, so it must also protect from a reader who knows it and
tries every set of counts that leads to the same publication: whatever is shown, each hidden count could be any number
below the threshold. A test tries them all.

- Further counts are hidden in the order of the argument, never by their size: "the smallest of the others was hidden"
  would give an upper limit for it.
- The sum of the hidden counts is at least twice the threshold less one: otherwise the largest possible small count
  would leave too little for another to have been hidden with it.
- If all hidden counts are small, their sum leaves room for each of them to be zero: three counts under 20 whose sum is
  57 would be 19 each.
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
    """Return the counts that may be shown together with each other and with their total.

    The order of `counts` must not depend on them. Those that come first are hidden first, to protect others.
    """
    total = sum(counts.values())
    if total < threshold:
        return PublishedCounts(dict.fromkeys(counts), None)
    small = {place for place, count in counts.items() if count < threshold}
    hidden = set(small)
    for place in counts if small else ():
        if _is_protected(counts, hidden, len(small), threshold):
            break
        hidden.add(place)
    return PublishedCounts({place: None if place in hidden else count for place, count in counts.items()}, total)


def in_steps(count: int) -> int:
    """Return a count that is shown while it grows, rounded down to a multiple of the threshold.

    The difference between two moments would otherwise be a small count.
    """
    return count - count % THRESHOLD


def _is_protected(counts: Mapping[str, int], hidden: set[str], small: int, threshold: int) -> bool:
    hidden_sum = sum(counts[place] for place in hidden)
    if len(hidden) < _LEAST_HIDDEN or hidden_sum < 2 * threshold - 1:
        return False
    return len(hidden) > small or hidden_sum <= (threshold - 1) * (small - 1)
