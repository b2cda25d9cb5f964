"""The city's command line: `python -m clients.city --people 10000 --report city.html`.

Exit status: 0 no notification is missing or wrong, 1 one is or something failed, 2 wrong use.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from clients.city.calendar import Calendar
from clients.city.report import page, summary
from clients.city.result import Options
from clients.city.simulation import Simulation
from clients.phone.errors import PhoneError
from clients.phone.settings import Settings
from clients.progress import Progress

MOST_DAYS = 14


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a city and return the exit status."""
    parsed = _parser().parse_args(arguments)
    options = Options(parsed.people, parsed.days, parsed.seed, parsed.real_time, parsed.settle, threads=parsed.threads)
    try:
        settings = Settings.from_environ(os.environ)
        token = os.environ["KEY_CLAIM_TOKEN"]
        calendar = Calendar(options.days, options.real_time)
        result = Simulation(options, settings, token, calendar, Progress()).run()
    except KeyError as error:
        return _fail(f"{error.args[0]} is not set")
    except (PhoneError, ValueError) as error:
        return _fail(str(error))
    sys.stdout.write(summary(result))
    if parsed.report:
        parsed.report.write_text(page(result), encoding="utf-8")
        sys.stdout.write(f"report: {parsed.report.resolve().as_uri()}\n")
    if not result.is_meaningful:
        sys.stderr.write("city: no one had to be notified, or everyone: this run proves nothing; use more --people\n")
    return 0 if result.is_exact else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="city", description="A simulated city that tests a server.")
    parser.add_argument("--people", type=int, default=50, help="default: %(default)s")
    parser.add_argument("--days", type=int, choices=range(1, MOST_DAYS + 1), default=MOST_DAYS, metavar="1-14")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same city; default: %(default)s")
    parser.add_argument("--real-time", action="store_true", help="one real day for each, instead of days long past")
    parser.add_argument(
        "--settle", type=float, default=0.0, metavar="SECONDS", help="how long the server may take to publish keys"
    )
    parser.add_argument("--threads", type=int, default=8, help="requests at the same time; default: %(default)s")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a page with the figures and plots")
    return parser


def _fail(reason: str) -> int:
    sys.stderr.write(f"city: {reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
