"""The floor of a submission: bare psycopg2 loops that run the statements of codes, claims and uploads.

Two processes of eight threads, like the service. Each thread has its own connection, without HTTP, framework or
cryptography. Statements are sent either unprepared or prepared, as the service does.
"""

import os
import secrets
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from typing import Any, Final, Self

from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

from app.config import Settings
from app.domain.limits import KEY_DATA_BYTES
from app.domain.timeline import INTERVALS_PER_DAY, hour_number
from app.domain.uploads import DiagnosisKey
from app.store import claims, codes, uploads
from bench import patients, stock
from bench.figures import MILLISECONDS, TOO_FEW, Figures, percentile
from bench.recorder import Sent, recorded

PROCESSES: Final = 2
THREADS: Final = 8

_SEALED_BYTES: Final = 85  # as app/crypto/sealing.py makes them
_QUOTA: Final = 43


@dataclass(frozen=True)
class _Share:
    """The work of one process."""

    database_url: str
    preparations: Sequence[str]
    sql: str
    values: Sequence[Mapping[str, Any]]
    seconds: float


@dataclass(frozen=True)
class _Done:
    """The result of one process: start and end by the monotonic clock, and the latencies, all in seconds."""

    began: float
    ended: float
    latencies: Sequence[float]


class Runner:
    """Two worker processes that import everything in the background and then run any number of loads."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(PROCESSES, get_context("spawn"))
        self._started = [self._pool.submit(_start, number) for number in range(PROCESSES)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    @property
    def pids(self) -> tuple[int, ...]:
        """The identifiers of the processes."""
        return tuple(started.result() for started in self._started)

    def run(self, database_url: str, sent: Sequence[Sent], seconds: float, *, prepared: bool) -> Figures:
        """Send one statement with each of the values once, for at most `seconds`."""
        statement, values = sent[0].statement, [each.values for each in sent]
        sql = statement.prepared if prepared else statement.sql
        preparations = [part.prepare_sql for part in statement.parts if prepared]
        shares = [
            _Share(database_url, preparations, sql, values[number::PROCESSES], seconds) for number in range(PROCESSES)
        ]
        wait(self._started)
        done = list(self._pool.map(_run_share, shares))
        latencies = sorted(latency for share in done for latency in share.latencies)
        elapsed = max(share.ended for share in done) - min(share.began for share in done)
        ran_out = len(latencies) == len(sent)
        return Figures(
            per_second=len(latencies) / elapsed,
            p50_ms=percentile(latencies, 50) * MILLISECONDS,
            p95_ms=percentile(latencies, 95) * MILLISECONDS,
            p99_ms=percentile(latencies, 99) * MILLISECONDS,
            requests=len(latencies),
            notes=(TOO_FEW,) if ran_out else (),
        )


def _start(_: int) -> int:
    time.sleep(0.2)  # so that the other process takes the other number
    return os.getpid()


def _run_share(share: _Share) -> _Done:
    with ExitStack() as stack, ThreadPoolExecutor(THREADS) as pool:
        connections = [stack.enter_context(closing(stock.connect(share.database_url))) for _ in range(THREADS)]
        began = time.monotonic()
        deadline = began + share.seconds
        loops = [
            pool.submit(_loop, connection, share, share.values[number::THREADS], deadline)
            for number, connection in enumerate(connections)
        ]
        latencies = [latency for loop in loops for latency in loop.result()]
        return _Done(began, time.monotonic(), latencies)


def _loop(connection: Connection, share: _Share, values: Sequence[Mapping[str, Any]], deadline: float) -> list[float]:
    latencies: list[float] = []
    with connection.cursor() as cursor:
        for preparation in share.preparations:
            cursor.execute(preparation)
        for each in values:
            began = time.monotonic()
            if began > deadline:
                break
            cursor.execute(share.sql, each)
            cursor.fetchall()
            latencies.append(time.monotonic() - began)
    return latencies


def code_statements(count: int) -> list[Sent]:
    """Return statements that store a code."""
    now = datetime.now(UTC)

    def code(_: int) -> Sent:
        new = codes.NewCode(
            one_time_code=secrets.token_hex(5).upper(),
            server_public_key=secrets.token_bytes(32),
            sealed_private_key=secrets.token_bytes(_SEALED_BYTES),
            hash_id=None,
            remaining_keys=_QUOTA,
            created=now,
            region="302",
            originator=stock.LABEL,
        )
        return recorded(lambda connection: codes.issue(connection, new))

    return [code(number) for number in range(count)]


def claim_statements(settings: Settings, database_url: str, count: int) -> list[Sent]:
    """Store codes; return statements that claim them, each from another network."""
    waiting = stock.add_codes(database_url, count)
    now = datetime.now(UTC)

    def claim(number: int) -> Sent:
        attempt = claims.ClaimAttempt(
            stored_codes=["~" + secrets.token_hex(4), waiting[number]],  # as many as the service looks up
            app_public_key=secrets.token_bytes(32),
            networks=[secrets.token_hex(16), secrets.token_hex(16)],
            network_lock=secrets.randbits(62),
            now=now,
            oldest_code=now - timedelta(days=1),
            policy=settings.submission.ban_policy,
        )
        return recorded(lambda connection: claims.claim(connection, attempt))

    return [claim(number) for number in range(count)]


def upload_statements(database_url: str, sealing_key: bytes, count: int, keys: int) -> list[Sent]:
    """Store key pairs; return statements that upload `keys` keys with each."""
    pairs, server_private_keys = patients.new_pairs(count)
    stock.add_pairs(database_url, sealing_key, pairs, server_private_keys)
    now = datetime.now(UTC)

    def upload(number: int) -> Sent:
        pair = pairs[number]
        to_store = uploads.KeysToStore(
            server_public_key=pair.server_public_key,
            app_public_key=pair.public_key,
            keys=[
                DiagnosisKey(secrets.token_bytes(KEY_DATA_BYTES), start, INTERVALS_PER_DAY, 1 + place % 8)
                for place, start in enumerate(patients.start_intervals(keys))
            ],
            publication_hours=[hour_number(now)] * keys,
            now=now,
            oldest_pair=now - timedelta(days=15),
            initial_remaining_keys=_QUOTA,
        )
        return recorded(lambda connection: uploads.store(connection, to_store))

    return [upload(number) for number in range(count)]
