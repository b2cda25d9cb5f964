"""What counting costs a request: `python -m bench.counting`.

One thread of this process sends the same requests to the application with and without counting, in turns, and compares
the CPU time: a download from memory, as the web server calls the fast path, and a ping through Flask, which is the
cheapest of all other requests. Numbers are written to the files that the processes of a web server share.
"""

import argparse
import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from app.measuring.folder import join_folder, shared_folder
from bench.stopping import stop_in_order_on_sigterm
from local.secrets import load_secrets
from processes.postgres import EmbeddedPostgres

_MICROSECONDS: Final = 1_000_000


class _Uncounted:
    """Instruments that count nothing."""

    def count_request(self, *_: object) -> None:
        """Count nothing."""


@dataclass(frozen=True)
class Comparison:
    """The median CPU time of a request without and with counting, in microseconds."""

    off: float
    on: float

    @property
    def ratio(self) -> float:
        """How much longer a request takes with counting."""
        return self.on / self.off


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.counting", description=__doc__)
    parser.add_argument("--count", type=int, default=5000, help="requests in a measurement: %(default)s")
    parser.add_argument("--rounds", type=int, default=15, help="measurements of each: %(default)s")
    options = parser.parse_args()
    stop_in_order_on_sigterm()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="exposure-alert-counting-")))
        postgres = stack.enter_context(EmbeddedPostgres(folder / "postgres"))
        stack.enter_context(shared_folder())
        # The log is formatted as usual, and written to the null device.
        nowhere = stack.enter_context(Path(os.devnull).open("w"))
        stack.enter_context(contextlib.redirect_stderr(nowhere))
        compared = compare(postgres.url, folder, options.count, options.rounds)
    sys.stdout.write(_table(compared))
    return 0


def compare(url: str, folder: Path, count: int, rounds: int) -> dict[str, Comparison]:
    """Return the comparison of each kind of request, on an empty database."""
    if not join_folder():
        raise RuntimeError("the files of metrics cannot be made")
    requests = _requests(url, folder)
    samples: dict[str, tuple[list[float], list[float]]] = {kind: ([], []) for kind in requests}
    for number in range(rounds + 1):
        for kind, ways in requests.items():
            # They take turns, and each begins half of the rounds, so that a change of the machine's speed cancels out.
            for is_on in (False, True) if number % 2 else (True, False):
                began = time.process_time()
                for _ in range(count):
                    ways[is_on]()
                taken = (time.process_time() - began) / count * _MICROSECONDS
                if number:  # the first round warms up
                    samples[kind][is_on].append(taken)
    return {kind: Comparison(statistics.median(off), statistics.median(on)) for kind, (off, on) in samples.items()}


def _requests(url: str, folder: Path) -> Mapping[str, Mapping[bool, Callable[[], object]]]:
    """Return calls of each kind of request, without and with counting."""
    from app import create_app
    from app.config import Settings
    from app.database.migrations import migrate_database
    from app.domain.timeline import day_number, hour_number
    from app.retrieval.downloads import KEYS, canonical_path, download_code
    from app.retrieval.fast_path import ArchiveFastPath

    variables = {**load_secrets(folder / "secrets.env", {}), "DATABASE_URL": url, "REDIS_URL": "redis://127.0.0.1:1/0"}
    settings = Settings.from_environment({**variables, "SURFACES": "retrieval", "EXPORT_MAX_AGE_SECONDS": "3600"})
    now = datetime.now(UTC)
    app = create_app(settings, lambda: now)
    migrate_database(app)
    retrieval, day = app.context.retrieval, f"{day_number(now):05d}"
    retrieval.archives.get(KEYS.kind, int(day), now)
    code = download_code(settings.retrieval.retrieve_hmac_key, settings.region_code, day, hour_number(now)).hex()
    target = canonical_path(KEYS, settings.region_code, day, code)
    uncounted: Any = _Uncounted()
    paths = {
        True: retrieval.fast_path,
        False: ArchiveFastPath(retrieval.archives, settings.retrieval, lambda: now, uncounted),
    }

    def download(is_on: bool) -> Callable[[], object]:
        respond = paths[is_on].respond
        if respond(target, "", "") is None:
            raise RuntimeError("the archive is not in memory")
        return lambda: respond(target, "", "")

    counting: Any = app.wsgi_app
    applications = {True: counting, False: counting._application}

    def ping(is_on: bool) -> Callable[[], object]:
        application = applications[is_on]

        def call() -> object:
            environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/services/ping", "QUERY_STRING": "", **_ENVIRON}
            return b"".join(application(environ, lambda *_: None))

        return call

    kinds = {"download from memory": download, "ping": ping}
    return {kind: {is_on: make(is_on) for is_on in (False, True)} for kind, make in kinds.items()}


_ENVIRON: Final = {
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "wsgi.input": None,
    "wsgi.errors": None,
    "wsgi.url_scheme": "http",
}


def _table(compared: Mapping[str, Comparison]) -> str:
    lines = [f"{'microseconds of processor time':<32}{'off':>8}{'on':>8}{'more':>8}{'ratio':>8}"]
    for kind, found in compared.items():
        lines.append(f"{kind:<32}{found.off:>8.1f}{found.on:>8.1f}{found.on - found.off:>8.1f}{found.ratio:>8.3f}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
