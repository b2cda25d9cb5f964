"""What a run of the city found."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Options:
    """How a run goes; `settle` is how many seconds the server may take to publish what was sent."""

    people: int
    days: int
    seed: int
    real_time: bool = False
    settle: float = 0.0
    threads: int = 8


@dataclass(slots=True)
class DayFigures:
    """One day. `notified` and `expected` count the people up to and including this day."""

    meetings: int = 0
    patients: int = 0
    uploads: int = 0
    keys: int = 0
    notified: int = 0
    expected: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class RequestFigures:
    """The answers to one kind of request; durations in milliseconds, until the answer's header was there."""

    kind: str
    count: int
    median: float
    p95: float
    p99: float
    longest: float


@dataclass(slots=True)
class Result:
    """A whole run.

    `missed` and `wrong` have a person and a UTC day for each notification that is missing, or that is wrong. `failures`
    are sentences, one for each thing that did not work.
    """

    options: Options
    fingerprint: str = ""
    days: list[DayFigures] = field(default_factory=list)
    missed: list[tuple[int, int]] = field(default_factory=list)
    wrong: list[tuple[int, int]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    requests: list[RequestFigures] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def is_exact(self) -> bool:
        """Whether no notification is missing or wrong, and nothing failed."""
        return not (self.missed or self.wrong or self.failures)

    @property
    def is_meaningful(self) -> bool:
        """Whether the run could have found an error: some people had to be notified, and some did not."""
        last = self.days[-1] if self.days else DayFigures()
        return 0 < last.expected < self.options.people

    @property
    def meetings(self) -> int:
        """Meetings of all days."""
        return sum(day.meetings for day in self.days)

    @property
    def uploads(self) -> int:
        """Accepted uploads of all days."""
        return sum(day.uploads for day in self.days)

    @property
    def keys(self) -> int:
        """Keys sent on all days."""
        return sum(day.keys for day in self.days)

    @property
    def answers(self) -> int:
        """Answers from the server."""
        return sum(figures.count for figures in self.requests)
