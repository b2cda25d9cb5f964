"""Figures of a measurement, their summary over rounds, and goals."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Final

MILLISECONDS: Final = 1000.0
TOO_FEW: Final = "too few requests were prepared"


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The figures of one measurement, or the summary of several. None means not measured.

    A load has `per_second` and percentiles of latency; a single operation, such as building an archive, has `seconds`.
    CPU times are per request. Memory is the total of the processes, with shared pages counted once.
    """

    per_second: float | None = None
    seconds: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    requests: int = 0
    errors: int = 0
    server_cpu_ms: float | None = None
    database_cpu_ms: float | None = None
    driver_cpu_ms: float | None = None
    memory_mb: float | None = None
    database_memory_mb: float | None = None
    notes: tuple[str, ...] = ()
    parts: Mapping[str, float] = field(default_factory=dict)

    @property
    def cpu_ms(self) -> float | None:
        """The CPU time per request, including that of the database."""
        if self.server_cpu_ms is None:
            return None
        return self.server_cpu_ms + (self.database_cpu_ms or 0.0)

    @property
    def value(self) -> float | None:
        """The figure that is compared."""
        return self.per_second if self.per_second is not None else self.seconds


def summarised(samples: Sequence[Figures]) -> Figures:
    """Return the median of each figure. Requests and errors are added up, because a single error is a failure."""
    values: dict[str, float | None] = {}
    for name in (f.name for f in fields(Figures) if f.name not in ("requests", "errors", "notes", "parts")):
        given = [value for sample in samples if (value := getattr(sample, name)) is not None]
        values[name] = statistics.median(given) if given else None
    return Figures(
        **values,
        requests=sum(sample.requests for sample in samples),
        errors=sum(sample.errors for sample in samples),
        notes=tuple(dict.fromkeys(note for sample in samples for note in sample.notes)),
        parts={
            name: statistics.median(sample.parts.get(name, 0.0) for sample in samples)
            for name in dict.fromkeys(name for sample in samples for name in sample.parts)
        },
    )


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Return the nearest-rank percentile of values in ascending order."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


@dataclass(frozen=True)
class Contender:
    """A floor or a server, which is measured in turn with others."""

    name: str
    measure: Callable[[], Figures]


def alternate(contenders: Sequence[Contender], rounds: int) -> dict[str, Figures]:
    """Measure all contenders in turn, `rounds` times, so that disturbances affect all of them alike."""
    samples: dict[str, list[Figures]] = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            samples[contender.name].append(contender.measure())
    return {name: summarised(measured) for name, measured in samples.items()}


@dataclass(frozen=True)
class Goal:
    """The goal of a scenario. `is_met` evaluates the figures, given those of the floor."""

    text: str
    is_met: Callable[[Figures, Figures | None], bool | None]


@dataclass(frozen=True)
class Row:
    """A row of the report: a scenario on a server, or the reason why it was skipped."""

    scenario: str
    server: str
    figures: Figures = field(default_factory=Figures)
    floor_name: str = ""
    floor: Figures | None = None
    goal: Goal | None = None
    first: Figures | None = None  # of the first server, with which the others are compared
    skipped: str = ""

    @property
    def ratio(self) -> float | None:
        """The rate divided by that of the floor; for a single operation, the time divided by that of the floor."""
        return _ratio(self.figures, self.floor)

    @property
    def cpu_ratio(self) -> float | None:
        """The floor's CPU time divided by that of the server. It depends less on other load than rates do."""
        if self.floor is None or self.floor.cpu_ms is None or not self.figures.cpu_ms:
            return None
        return self.floor.cpu_ms / self.figures.cpu_ms

    @property
    def ratio_to_first(self) -> float | None:
        """The same ratio to the first server."""
        return _ratio(self.figures, self.first)

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is met; None without a goal or without the figures. Any error fails it."""
        if self.skipped or self.goal is None:
            return None
        return self.figures.errors == 0 and self.goal.is_met(self.figures, self.floor)


def _ratio(figures: Figures, other: Figures | None) -> float | None:
    if other is None or not other.value or figures.value is None:
        return None
    return figures.value / other.value


def share_of_floor(share: float) -> Goal:
    """Return the goal of at least this share of the floor's rate."""

    def is_met(figures: Figures, floor: Figures | None) -> bool | None:
        ratio = _ratio(figures, floor)
        return None if ratio is None else ratio >= share

    return Goal(f"≥ {share:g} × floor", is_met)


def p99_below(milliseconds: float) -> Goal:
    """Return the goal of a 99th percentile below this."""

    def is_met(figures: Figures, floor: Figures | None) -> bool | None:  # noqa: ARG001 - goals share one signature
        return None if figures.p99_ms is None else figures.p99_ms < milliseconds

    return Goal(f"p99 < {milliseconds:g} ms", is_met)


def done_below(seconds: float) -> Goal:
    """Return the goal of a duration below this."""

    def is_met(figures: Figures, floor: Figures | None) -> bool | None:  # noqa: ARG001 - goals share one signature
        return None if figures.seconds is None else figures.seconds < seconds

    return Goal(f"< {seconds:g} s", is_met)


def within_times_floor(times: float, memory_mb: float) -> Goal:
    """Return the goal of at most `times` the floor's duration, and less memory than this."""

    def is_met(figures: Figures, floor: Figures | None) -> bool | None:
        ratio = _ratio(figures, floor)
        if ratio is None or figures.memory_mb is None:
            return None
        return ratio <= times and figures.memory_mb < memory_mb

    return Goal(f"≤ {times:g} × floor, < {memory_mb:g} MB", is_met)
