"""The arguments of every scenario: servers and options."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.floors.statements import Runner
from bench.own import OwnService
from bench.target import Target

PUBLIC_SERVICE_REQUESTS_PER_SECOND: Final = 230  # twenty million a day


@dataclass(frozen=True)
class Options:
    """The options of a run."""

    seconds: float = 5.0
    rounds: int = 3
    warm_up_seconds: float = 0.5
    rate: int = 10 * PUBLIC_SERVICE_REQUESTS_PER_SECOND
    keys_per_day: int = 10_000
    archive_sizes: Sequence[int] = (10_000, 100_000, 1_000_000)
    only: Sequence[str] = ()


@dataclass(frozen=True)
class Bench:
    """A run. Servers are compared with the first one."""

    options: Options
    servers: Sequence[Target]
    own: OwnService | None = None
    statements: Runner | None = None
