"""What a measurement says, how several become one, and what is asked of them."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Final

MILLISECONDS: Final = 1000.0
TOO_FEW: Final = "too few requests were prepared"


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The figures of one measurement, or of several taken together. None stands for what was not measured.

    A load has `per_second` and percentiles of its latency; one piece of work, such as building an archive, has
    `seconds`. Processor times are of one request; memory is what the processes together hold, pages that they share
    counted once.
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
        """The processor time of one request, the database's included."""
        if self.server_cpu_ms is None:
            return None
        return self.server_cpu_ms + (self.database_cpu_ms or 0.0)

    @property
    def value(self) -> float | None:
        """The one figure that is compared."""
        return self.per_second if self.per_second is not None else self.seconds


def summarised(samples: Sequence[Figures]) -> Figures:
    """Return the median of each figure. Requests and errors are added up: one error is one too many."""
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
    """Something that is measured in turn with others: the floor, or a server."""

    name: str
    measure: Callable[[], Figures]


def alternate(contenders: Sequence[Contender], rounds: int) -> dict[str, Figures]:
    """Measure all of them, in turn, so many times: what disturbs the machine then disturbs all alike."""
    samples: dict[str, list[Figures]] = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            samples[contender.name].append(contender.measure())
    return {name: summarised(measured) for name, measured in samples.items()}


@dataclass(frozen=True)
class Goal:
    """What is asked of a scenario. `is_met` judges the figures, given those of the floor."""

    text: str
    is_met: Callable[[Figures, Figures | None], bool | None]


@dataclass(frozen=True)
class Row:
    """One line of the report: a scenario on one server, or why it did not run there."""

    scenario: str
    server: str
    figures: Figures = field(default_factory=Figures)
    floor_name: str = ""
    floor: Figures | None = None
    goal: Goal | None = None
    first: Figures | None = None  # of the first server, which the others are compared with
    skipped: str = ""

    @property
    def ratio(self) -> float | None:
        """How much of the floor's rate is reached; for one piece of work, how many times the floor's time it takes."""
        return _ratio(self.figures, self.floor)

    @property
    def cpu_ratio(self) -> float | None:
        """How much of the processor time the floor needs. A busy machine blurs this less than it blurs rates."""
        if self.floor is None or self.floor.cpu_ms is None or not self.figures.cpu_ms:
            return None
        return self.floor.cpu_ms / self.figures.cpu_ms

    @property
    def ratio_to_first(self) -> float | None:
        """The same against the first server."""
        return _ratio(self.figures, self.first)

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is met; None where there is none, or nothing to judge it by. An error fails it."""
        if self.skipped or self.goal is None:
            return None
        return self.figures.errors == 0 and self.goal.is_met(self.figures, self.floor)


def _ratio(figures: Figures, other: Figures | None) -> float | None:
    if other is None or not other.value or figures.value is None:
        return None
    return figures.value / other.value


def share_of_floor(share: float) -> Goal:
    """Ask for at least this share of the floor's rate."""

    def is_met(figures: Figures, floor: Figures | None) -> bool | None:
        ratio = _ratio(figures, floor)
        return None if ratio is None else ratio >= share

    return Goal(f"≥ {share:g} × floor", is_met)


def p99_below(milliseconds: float) -> Goal:
    """Ask for a 99th percentile below this."""

    def is_met(figures: Figures, floor: Figures | None) -> bool | None:  # noqa: ARG001 - goals share one signature
        return None if figures.p99_ms is None else figures.p99_ms < milliseconds

    return Goal(f"p99 < {milliseconds:g} ms", is_met)


def done_below(seconds: float) -> Goal:
    """Ask for a piece of work to take less than this."""

    def is_met(figures: Figures, floor: Figures | None) -> bool | None:  # noqa: ARG001 - goals share one signature
        return None if figures.seconds is None else figures.seconds < seconds

    return Goal(f"< {seconds:g} s", is_met)


def within_times_floor(times: float, memory_mb: float) -> Goal:
    """Ask for a piece of work to take at most so many times its floor, in bounded memory."""

    def is_met(figures: Figures, floor: Figures | None) -> bool | None:
        ratio = _ratio(figures, floor)
        if ratio is None or figures.memory_mb is None:
            return None
        return ratio <= times and figures.memory_mb < memory_mb

    return Goal(f"≤ {times:g} × floor, < {memory_mb:g} MB", is_met)
