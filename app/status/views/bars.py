"""The history of a part as bars, one for each day: its height repeats in form what its colour shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from app.domain.status import HISTORY_DAYS, DayRecord, PartState

WIDTH: Final = HISTORY_DAYS * 4 - 1
HEIGHT: Final = 32
_BAR_WIDTH: Final = 3
_STEP: Final = 4
# The worse the day, the taller its bar; a day without data is a line at the bottom.
_HEIGHTS: Final = {
    PartState.OPERATIONAL: 16,
    PartState.PLANNED: 20,
    PartState.DEGRADED: 25,
    PartState.OUTAGE: 32,
    PartState.UNKNOWN: 2,
}


@dataclass(frozen=True)
class Bar:
    """The bar of a day that was not good."""

    x: int
    y: int
    height: int
    record: DayRecord


@dataclass(frozen=True)
class Bars:
    """The bars of a part: one path for all good days, one for days without data, and a bar for each other day."""

    good: str
    unknown: str
    others: tuple[Bar, ...]


def draw_bars(days: Sequence[DayRecord]) -> Bars:
    """Return the bars of the last days, oldest first."""
    placed = [(index * _STEP, record) for index, record in enumerate(days)]
    others = tuple(
        Bar(x, HEIGHT - _HEIGHTS[record.state], _HEIGHTS[record.state], record)
        for x, record in placed
        if record.state not in (PartState.OPERATIONAL, PartState.UNKNOWN)
    )
    return Bars(_path(placed, PartState.OPERATIONAL), _path(placed, PartState.UNKNOWN), others)


def _path(placed: Sequence[tuple[int, DayRecord]], state: PartState) -> str:
    height = _HEIGHTS[state]
    return "".join(
        f"M{x} {HEIGHT - height}v{height}h{_BAR_WIDTH}v-{height}z" for x, record in placed if record.state is state
    )


def every_day(days: Sequence[DayRecord], today: date) -> list[DayRecord]:
    """Return a record for each of the last HISTORY_DAYS, oldest first; those that are missing have no data."""
    known = {each.day: each for each in days}
    shown = (today - timedelta(days=ago) for ago in reversed(range(HISTORY_DAYS)))
    return [known.get(day) or DayRecord(day, PartState.UNKNOWN) for day in shown]


def share_of(days: Sequence[DayRecord]) -> float | None:
    """Return the share of good minutes of all days; None if nothing was measured."""
    measured = sum(each.measured_minutes for each in days)
    return sum(each.good_minutes for each in days) / measured if measured else None
