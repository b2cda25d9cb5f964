"""Codes, claims and uploads. Each request changes the database and is sent once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bench import patients, stock, wrk
from bench.context import Bench
from bench.figures import TOO_FEW, Contender, Figures, Row, alternate, share_of_floor
from bench.floors import statements
from bench.own import OwnService
from bench.recorder import Sent
from bench.target import Target, today
from bench.usage import Watched, with_usage
from clients.phone.state import KeyPair

FLOOR: Final = "bare statement"
PREPARED: Final = "psycopg2, prepared"

_GOAL: Final = share_of_floor(0.5)
_FIRST_ESTIMATE_PER_SECOND: Final = 2000.0
_RESERVE: Final = 1.6  # factor of prepared requests over those of the last measurement
_MOST_REQUESTS: Final = 500_000


@dataclass(frozen=True)
class _Kind:
    """A kind of submission: functions that prepare requests to a server, and statements for the floor."""

    scenario: str
    requests: Callable[[Target, int], list[bytes]]
    statements: Callable[[OwnService, int], list[Sent]]


def code(bench: Bench) -> list[Row]:
    """Issue codes."""
    return _submit(bench, _Kind("code", patients.code_requests, lambda _, count: statements.code_statements(count)))


def claim(bench: Bench) -> list[Row]:
    """Claim codes."""
    return _submit(
        bench,
        _Kind(
            "claim",
            lambda target, count: patients.claim_requests(target, codes_of(target, count)),
            lambda own, count: statements.claim_statements(own.settings, own.floors_url, count),
        ),
    )


def upload_of(keys: int) -> Callable[[Bench], list[Row]]:
    """Return the scenario of uploads of `keys` keys."""

    def upload(bench: Bench) -> list[Row]:
        return _submit(
            bench,
            _Kind(
                f"upload of {keys} key" + ("s" if keys > 1 else ""),
                lambda target, count: patients.upload_requests(target, pairs_of(target, count), keys),
                lambda own, count: statements.upload_statements(
                    own.floors_url, own.targets[0].sealing_key, count, keys
                ),
            ),
        )

    return upload


def _submit(bench: Bench, kind: _Kind) -> list[Row]:
    servers = bench.servers
    if not wrk.is_installed():
        return [Row(kind.scenario, server.name, skipped="wrk is not installed") for server in servers]
    contenders = [_server(bench, kind, server) for server in servers]
    if bench.own and bench.statements:
        floors = [_bare(name, bench, kind, bench.own, bench.statements) for name in (FLOOR, PREPARED)]
        contenders = [*floors, *contenders]
    measured = alternate(contenders, bench.options.rounds)
    first, floor = measured[servers[0].name], measured.get(FLOOR)
    rows = [Row(kind.scenario, server.name, measured[server.name], FLOOR, floor, _GOAL, first) for server in servers]
    if PREPARED in measured:
        rows.append(Row(kind.scenario, PREPARED, measured[PREPARED], FLOOR, floor, first=first))
    return rows


def _server(bench: Bench, kind: _Kind, server: Target) -> Contender:
    def run(count: int, seconds: float) -> Figures:
        if server.database_url:
            stock.clear(server.database_url, today())
        prepared = kind.requests(server, count)
        if server.database_url:
            stock.settle(server.database_url)
        load = wrk.Load(seconds)
        return with_usage(server.watched, lambda: wrk.replay(server.submission_url, prepared, load))

    return Contender(server.name, _Estimating(bench, run).measure)


def _bare(name: str, bench: Bench, kind: _Kind, own: OwnService, runner: statements.Runner) -> Contender:
    url = own.floors_url

    def run(count: int, seconds: float) -> Figures:
        stock.clear(url, today())
        sent = kind.statements(own, count)
        stock.settle(url)
        watched = Watched(runner.pids, (own.postgres_pid,))
        return with_usage(watched, lambda: runner.run(url, sent, seconds, prepared=name == PREPARED))

    return Contender(name, _Estimating(bench, run).measure)


class _Estimating:
    """Prepares as many requests as a measurement needs at the highest rate so far."""

    def __init__(self, bench: Bench, run: Callable[[int, float], Figures]) -> None:
        self._seconds = bench.options.seconds
        self._run = run
        self._per_second = _FIRST_ESTIMATE_PER_SECOND
        if bench.options.warm_up_seconds:
            self._per_second = self._measure(bench.options.warm_up_seconds).per_second or self._per_second

    def measure(self) -> Figures:
        """Measure once."""
        figures = self._measure(self._seconds)
        self._per_second = max(self._per_second, figures.per_second or 0.0)
        return figures

    def _measure(self, seconds: float) -> Figures:
        """Measure, and repeat with twice as many requests if they ran out."""
        while True:
            # wrk may stop up to a tenth of a second late.
            count = int(self._per_second * _RESERVE * (seconds + 0.2)) + wrk.CONNECTIONS
            figures = self._run(count, seconds)
            if TOO_FEW not in figures.notes or count > _MOST_REQUESTS:
                return figures
            self._per_second *= 2


def pairs_of(target: Target, count: int) -> Sequence[KeyPair]:
    """Return claimed key pairs, inserted into our own database, or made through the API of another server."""
    if not target.database_url:
        return patients.claim_pairs(target, count)
    pairs, server_private_keys = patients.new_pairs(count)
    stock.add_pairs(target.database_url, target.sealing_key, pairs, server_private_keys)
    return pairs


def codes_of(target: Target, count: int) -> Sequence[str]:
    """Return unclaimed codes, from the same source."""
    if not target.database_url:
        return patients.issue_codes(target, count)
    return stock.add_codes(target.database_url, count)
