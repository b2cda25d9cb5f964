"""`python -m worker` runs jobs; `python -m worker clock` enqueues the periodic ones."""

import argparse
import logging
import signal
import sys
from threading import Event

from redis import Redis
from rq.serializers import JSONSerializer
from rq.worker import HerokuWorker

from app.config import ConfigurationError, Settings
from worker.application import application
from worker.clock import Clock, queue_of


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__)
    parser.add_argument("role", nargs="?", choices=("jobs", "clock"), default="jobs")
    role = parser.parse_args(arguments).role
    try:
        settings: Settings = application().extensions["settings"]
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    logging.getLogger("rq").setLevel(logging.WARNING)  # jobs say themselves what they did
    if role == "clock":
        _run_clock(settings)
    else:
        _run_jobs(settings)
    return 0


def _run_jobs(settings: Settings) -> None:
    """Take the jobs of this process's surfaces, one at a time.

    On SIGTERM the job at hand has a few seconds to end (see HerokuWorker).
    """
    redis = Redis.from_url(settings.redis_url)
    queues = [queue_of(surface, redis) for surface in settings.surfaces]
    HerokuWorker(queues, connection=redis, serializer=JSONSerializer).work(logging_level="WARNING")


def _run_clock(settings: Settings) -> None:
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    Clock(Redis.from_url(settings.redis_url, socket_timeout=5, socket_connect_timeout=5), settings).run(stop)


if __name__ == "__main__":
    sys.exit(main())
