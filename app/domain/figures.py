"""Figures of the service by day and place: what is counted, and what of it may be published.

A place is a jurisdiction, or OTHERS for the tokens of no jurisdiction; ALL is their sum. Each figure has a count for
every place. What is published of a day is decided once, together for all places, and stored with the counts.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from app.domain.portal.jurisdictions import HIDING_ORDER, JURISDICTIONS
from app.domain.portal.suppression import PublishedCounts, suppress
from app.domain.timeline import midnight

ALL: Final = "all"
OTHERS: Final = "others"
PLACES: Final = (*HIDING_ORDER, OTHERS)

RETENTION_DAYS: Final = 400
# Requests of the last seconds of a day are counted for it, also if they end in the next: it is then closed for good.
SETTLING: Final = timedelta(hours=1)


class Figure(StrEnum):
    """What is counted; the value is the name in tables and files."""

    ISSUED = "issued"
    CLAIMED = "claimed"
    EXPIRED = "expired"  # codes that were not claimed in time
    UNUSED = "unused"  # claimed codes whose key pair expired without an upload
    UPLOADS = "uploads"
    KEYS = "keys"
    CLAIMED_IN_1_HOUR = "claimed_in_1_hour"
    CLAIMED_IN_3_HOURS = "claimed_in_3_hours"  # in the second or third hour, and so on
    CLAIMED_IN_6_HOURS = "claimed_in_6_hours"
    CLAIMED_IN_12_HOURS = "claimed_in_12_hours"
    CLAIMED_LATER = "claimed_later"
    UPLOADS_OF_1_KEY = "uploads_of_1_key"
    UPLOADS_OF_7_KEYS = "uploads_of_7_keys"  # of 2 to 7 keys, and so on
    UPLOADS_OF_14_KEYS = "uploads_of_14_keys"
    UPLOADS_OF_MORE_KEYS = "uploads_of_more_keys"


# The events of which a figure is the sum (rule 95).
_EVENTS: Final[Mapping[str, Figure]] = {
    "OTKGenerated": Figure.ISSUED,
    "OTKRegenerated": Figure.ISSUED,
    "OTKClaimed": Figure.CLAIMED,
    "OTKUnclaimed": Figure.EXPIRED,
    "OTKExpiredNoUploads": Figure.UNUSED,
}
# Hours from code to claim are rounded up (rule 41), so that "1" is the first hour. Codes expire after 24 hours by
# default: a range after that would always be empty, and hide the one before it.
DELAYS: Final[Mapping[int, Figure]] = {
    1: Figure.CLAIMED_IN_1_HOUR,
    3: Figure.CLAIMED_IN_3_HOURS,
    6: Figure.CLAIMED_IN_6_HOURS,
    12: Figure.CLAIMED_IN_12_HOURS,
}
SIZES: Final[Mapping[int, Figure]] = {
    1: Figure.UPLOADS_OF_1_KEY,
    7: Figure.UPLOADS_OF_7_KEYS,
    14: Figure.UPLOADS_OF_14_KEYS,
}
DELAY_FIGURES: Final = (*DELAYS.values(), Figure.CLAIMED_LATER)
SIZE_FIGURES: Final = (*SIZES.values(), Figure.UPLOADS_OF_MORE_KEYS)
# Published by place. Keys are hidden where uploads are: two uploads have 28 keys, and are two people.
PUBLIC_FIGURES: Final = (
    Figure.ISSUED,
    Figure.CLAIMED,
    Figure.EXPIRED,
    Figure.UNUSED,
    Figure.UPLOADS,
    Figure.KEYS,
)

Counts = Mapping[Figure, Mapping[str, int]]  # by figure and place, for every place


@dataclass(frozen=True)
class DailyFigure:
    """A figure of a day and place: its count, and the published one, which is None if it is hidden."""

    place: str
    figure: Figure
    count: int
    published: int | None


def place_of(label: str) -> str:
    """Return the place of a token's label."""
    return label if label in JURISDICTIONS else OTHERS


def closed_days(first: date, now: datetime) -> list[date]:
    """Return the days (UTC) from the service's first that have ended for good, at most RETENTION_DAYS, oldest first."""
    last = midnight(now - SETTLING).date() - timedelta(days=1)
    oldest = max(first, oldest_day(now))
    return [oldest + timedelta(days=number) for number in range((last - oldest).days + 1)]


def oldest_day(now: datetime) -> date:
    """Return the oldest day whose figures are kept."""
    return now.date() - timedelta(days=RETENTION_DAYS)


def count_day(
    events: Iterable[tuple[str, str, int]],
    delays: Iterable[tuple[str, int, int]],
    uploads: Iterable[tuple[str, int]],
) -> Counts:
    """Return the counts of a day.

    `events`: (label, identifier, count); `delays`: (label, hours from code to claim, claims); `uploads`: (label, keys).
    """
    counts: dict[Figure, dict[str, int]] = defaultdict(lambda: dict.fromkeys(PLACES, 0))
    for label, identifier, count in events:
        if identifier in _EVENTS:
            counts[_EVENTS[identifier]][place_of(label)] += count
    for label, hours, count in delays:
        counts[_bucket(hours, DELAYS, Figure.CLAIMED_LATER)][place_of(label)] += count
    for label, keys in uploads:
        counts[Figure.UPLOADS][place_of(label)] += 1
        counts[Figure.KEYS][place_of(label)] += keys
        counts[_bucket(keys, SIZES, Figure.UPLOADS_OF_MORE_KEYS)][place_of(label)] += 1
    return {figure: counts[figure] for figure in Figure}


def _bucket(number: int, buckets: Mapping[int, Figure], larger: Figure) -> Figure:
    return next((figure for limit, figure in buckets.items() if number <= limit), larger)


def daily_figures(counts: Counts) -> list[DailyFigure]:
    """Return every figure of a day by place and for all places, with what may be published of it.

    Delays are published for all places only. Sizes of uploads are not published: with the number of keys, they would
    limit each other.
    """
    published: dict[Figure, PublishedCounts] = {figure: suppress(counts[figure]) for figure in PUBLIC_FIGURES}
    published[Figure.KEYS] = _hidden_with(published[Figure.UPLOADS], counts[Figure.KEYS])
    totals: dict[Figure, int | None] = {figure: each.total for figure, each in published.items()}
    totals |= _published_delays(counts)
    rows = [
        DailyFigure(place, figure, count, published[figure].counts[place] if figure in published else None)
        for figure, places in counts.items()
        for place, count in places.items()
    ]
    return rows + [
        DailyFigure(ALL, figure, sum(places.values()), totals.get(figure)) for figure, places in counts.items()
    ]


def _hidden_with(uploads: PublishedCounts, keys: Mapping[str, int]) -> PublishedCounts:
    shown = {place: None if uploads.counts[place] is None else count for place, count in keys.items()}
    return PublishedCounts(shown, None if uploads.total is None else sum(keys.values()))


def _published_delays(counts: Counts) -> dict[Figure, int | None]:
    """Return the delays of all places together; long ones are hidden first, to protect others.

    A claim and its delay are counted by the same statement. Where they differ, as after an import, none is published:
    the total of the claims would not be theirs.
    """
    totals = {figure: sum(counts[figure].values()) for figure in reversed(DELAY_FIGURES)}
    if sum(totals.values()) != sum(counts[Figure.CLAIMED].values()):
        return dict.fromkeys(DELAY_FIGURES)
    return {Figure(name): count for name, count in suppress({f.value: c for f, c in totals.items()}).counts.items()}
