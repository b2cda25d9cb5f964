"""The mix of requests of the public service at ten times its rate: downloads, and a few submissions."""

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from app.domain.exports import BUNDLE_PERIOD
from bench import openloop, patients
from bench.context import Bench
from bench.figures import Contender, Figures, Row, alternate, p99_below
from bench.openloop import Planned
from bench.scenarios.downloads import some_day
from bench.scenarios.submissions import codes_of, pairs_of
from bench.target import Target, today
from bench.usage import with_usage

_GOAL: Final = p99_below(50)
_KEYS_OF_AN_UPLOAD: Final = 14
_LATE_MS: Final = 5

# Shares of a thousand requests. Most phones download the last complete day, some also today, and a newly installed app
# the bundle. Real submissions are much rarer: two in a hundred are enough to affect the percentiles.
SHARES: Final[Mapping[str, int]] = {
    "past day": 780,
    "today": 190,
    "bundle": 10,
    "code": 8,
    "claim": 6,
    "upload": 6,
}


def mixed_day(bench: Bench) -> list[Row]:
    """Send the mix at the rate of the options."""
    scenario = f"mixed day, {bench.options.rate:,}/s"
    contenders = [_server(bench, server) for server in bench.servers]
    measured = {name: _remarked(figures) for name, figures in alternate(contenders, bench.options.rounds).items()}
    first = measured[bench.servers[0].name]
    return [Row(scenario, server.name, measured[server.name], goal=_GOAL, first=first) for server in bench.servers]


def _server(bench: Bench, server: Target) -> Contender:
    day = some_day(server, bench.options.keys_per_day)

    def run(seconds: float) -> Figures:
        plan = _plan(server, day, bench.options.rate, seconds)
        return with_usage(server.watched, lambda: openloop.drive(plan))

    if bench.options.warm_up_seconds:
        run(bench.options.warm_up_seconds)
    return Contender(server.name, lambda: run(bench.options.seconds))


def _remarked(figures: Figures) -> Figures:
    """Add a note if the driver was late for lack of CPU time, which the latencies include."""
    late = figures.parts["driver_late_p99_ms"]
    note = f"the driver itself was late, p99 {late:.0f} ms: the machine is too busy for this measurement"
    return replace(figures, notes=(note,)) if late > _LATE_MS else figures


def _plan(server: Target, day: int, rate: int, seconds: float) -> list[Planned]:
    """Return random requests at random times. Phones are independent, so that the gaps are exponential."""
    draw = random.Random(1)  # noqa: S311 - the same plan in each run
    kinds = draw.choices(list(SHARES), list(SHARES.values()), k=max(1, round(rate * seconds)))
    requests = _requests(server, day, {kind: kinds.count(kind) for kind in SHARES})
    plan, due = [], 0.0
    for kind in kinds:
        due += draw.expovariate(rate)
        url = server.submission_url if kind in ("code", "claim", "upload") else server.retrieval_url
        plan.append(Planned(due, url, requests[kind].pop()))
    return plan


def _requests(server: Target, day: int, counts: Mapping[str, int]) -> dict[str, list[bytes]]:
    def downloads(period: int, count: int) -> list[bytes]:
        return [patients.raw(server.retrieval_url, "GET", server.retrieval_path(period))] * count

    return {
        "past day": downloads(day, counts["past day"]),
        "today": downloads(today(), counts["today"]),
        "bundle": downloads(BUNDLE_PERIOD, counts["bundle"]),
        "code": patients.code_requests(server, counts["code"]),
        "claim": patients.claim_requests(server, codes_of(server, counts["claim"])),
        "upload": patients.upload_requests(server, pairs_of(server, counts["upload"]), _KEYS_OF_AN_UPLOAD),
    }
