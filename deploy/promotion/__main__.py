"""`bin/promote PLAN VERSION`: bring a release to staging, try it, then to production (docs/promotion.md)."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from deploy.promotion.errors import PromotionError
from deploy.promotion.plan import PRODUCTION, STAGING, Plan, read_plan
from deploy.promotion.promotion import Promotion, Sizes
from deploy.promotion.record import Journal, Record

_FOLDER: Final = Path("var/promotion")
_FAILED: Final = 1
_INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Promote a release; return 0 if it serves everywhere, 1 if it was stopped, 130 if it was interrupted."""
    options = _parser().parse_args(arguments)
    journal = Journal(options.folder, options.plan.stem if not options.only else f"{options.plan.stem}-{options.only}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with journal.locked():
            _promote(options, read_plan(options.plan), journal)
    except PromotionError as error:
        journal.report(f"STOPPED {options.version}: {error}")
        return _FAILED
    except KeyboardInterrupt:
        journal.report("interrupted: run the same command to resume, or add --restart to roll back and start over")
        return _INTERRUPTED
    return 0


def _promote(options: argparse.Namespace, plan: Plan, journal: Journal) -> None:
    sizes = Sizes(
        people=options.people,
        load_seconds=options.load_seconds,
        rate=options.rate,
        settle_seconds=options.settle_seconds,
        measured_seconds=options.measured_seconds,
    )
    record = journal.load()
    if record is not None and options.restart:
        journal.report(f"starting over: {record.version} was interrupted")
        Promotion(plan, record, journal, sizes, options.only).roll_back()
        journal.delete()
        record = None
    if record is not None and record.version != options.version:
        raise PromotionError(f"{record.version} was interrupted: finish it, or add --restart to roll it back")
    if record is not None and record.begun:
        journal.report(f"resuming with: {record.begun}")
    Promotion(plan, record or Record(options.version), journal, sizes, options.only).run()
    journal.delete()
    journal.report(f"{options.version} is promoted")


def _parser() -> argparse.ArgumentParser:
    sizes = Sizes()
    parser = argparse.ArgumentParser(prog="bin/promote", description=__doc__)
    parser.add_argument("plan", type=Path, help="such as deploy/promotion/plans/host.toml")
    parser.add_argument("version", help="tag, branch or commit")
    parser.add_argument("--only", choices=(STAGING, PRODUCTION), default="", help="leave the other environment out")
    parser.add_argument("--restart", action="store_true", help="roll back what was interrupted, and start over")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help="of the record and the log; default: %(default)s")
    parser.add_argument("--people", type=int, default=sizes.people, help="of the city; default: %(default)s")
    parser.add_argument("--load-seconds", type=float, default=sizes.load_seconds, help="default: %(default)s")
    parser.add_argument("--rate", type=int, default=sizes.rate, help="requests a second; default: %(default)s")
    parser.add_argument("--settle-seconds", type=float, default=sizes.settle_seconds, help="default: %(default)s")
    parser.add_argument("--measured-seconds", type=float, default=sizes.measured_seconds, help="default: %(default)s")
    return parser


if __name__ == "__main__":
    sys.exit(main())
