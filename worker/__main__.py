"""`python -m worker` runs jobs; `python -m worker clock` enqueues the periodic ones."""

import argparse
import logging
import os
import sys

from app.config import Settings
from app.database.redis_connections import redis_client
from app.domain.errors import ConfigurationError
from app.measuring.flush import start_flushing
from app.measuring.folder import FOLDER
from app.upkeep.monitoring.heartbeats import CLOCK, WORKER
from worker.application import context
from worker.clock import Clock
from worker.monitor import start_monitor
from worker.runner import STOPPED, run_jobs
from worker.stopping import Stop


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__)
    parser.add_argument("role", nargs="?", choices=("jobs", "clock"), default="jobs")
    role = parser.parse_args(arguments).role
    try:
        # The numbers of workers and clocks reach `/metrics` through Redis; in files they would be counted twice.
        os.environ.pop(FOLDER, None)
        service = context()
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    logging.getLogger("rq").setLevel(logging.WARNING)  # jobs log their results themselves
    start_flushing(service.settings, service.instruments, add_to_totals=True)
    monitor = start_monitor(service, CLOCK if role == "clock" else WORKER)
    try:
        return _run_clock(service.settings) if role == "clock" else run_jobs(service)
    finally:
        if monitor is not None:
            monitor.stop()


def _run_clock(settings: Settings) -> int:
    stop = Stop()
    stop.set_on_signals()
    Clock(redis_client(settings.redis_url), settings).run(stop)
    return STOPPED


if __name__ == "__main__":
    sys.exit(main())
