"""The time from the start of a web process to its first response."""

import time
from typing import Final

from bench.context import Bench
from bench.figures import Contender, Figures, Row, alternate, done_below
from bench.own import OwnService, web_started
from bench.usage import memory_mb

_SCENARIO: Final = "start to first answer"
_GOAL: Final = done_below(1.5)


def start(bench: Bench) -> list[Row]:
    """Start each web server beside the running service, and stop it after its first response."""
    own = bench.own
    if own is None:
        return [Row(_SCENARIO, bench.servers[0].name, skipped="only our own service can be started")]
    measured = alternate([_web(own, name) for name in own.web_servers], bench.options.rounds)
    first = next(iter(measured.values()))
    return [Row(_SCENARIO, name, figures, goal=_GOAL, first=first) for name, figures in measured.items()]


def _web(own: OwnService, name: str) -> Contender:
    environment = {**own.environment, **own.web_servers[name]}

    def measure() -> Figures:
        began = time.perf_counter()
        with web_started(own.web_command, environment, own.log) as web:
            seconds = time.perf_counter() - began
            return Figures(seconds=seconds, requests=1, memory_mb=memory_mb([web.process.pid]))

    return Contender(name, measure)
