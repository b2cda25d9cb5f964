"""The command line: `python -m clients.replay FILE --url http://127.0.0.1:8001`.

The secrets come from the clients' variables, or from a service's own: those of the environment, or of var/settings.env.
Exit status: 0 the archive holds what was uploaded, 1 it does not or something failed, 2 wrong use.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from clients.environment import SETTINGS, client_variables
from clients.phone.errors import PhoneError
from clients.phone.protocol import Server
from clients.phone.schedule import DAY_SECONDS
from clients.phone.settings import Settings
from clients.progress import Progress
from clients.replay.day import divide_among_patients, move_to_present, read_day
from clients.replay.run import Replay, Replayed, ReplayError

_DEFAULT_SETTLE_SECONDS: Final = 70.0  # the default of EXPORT_MAX_AGE_SECONDS, and what building an archive may take


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a replay and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        variables = client_variables(os.environ, SETTINGS, options.url)
        if options.retrieval_url:
            variables["RETRIEVAL_URL"] = options.retrieval_url
        keys = move_to_present(read_day(options.file), int(time.time()) // DAY_SECONDS)
        patients = divide_among_patients(keys)
        replay = Replay(Server(Settings.from_environ(variables)), variables["KEY_CLAIM_TOKEN"])
        progress = Progress()
        outcome = replay.run(
            patients,
            lambda sent: progress.track("patients", sent, len(patients)),
            settle_seconds=options.settle,
        )
    except (PhoneError, ReplayError, ValueError, OSError) as error:
        sys.stderr.write(f"replay: {error}\n")
        return 1
    sys.stdout.write(report(outcome))
    return 0


def report(outcome: Replayed) -> str:
    """Return the figures of a replay as lines of text."""
    others = f", among {outcome.others} other{'s' if outcome.others > 1 else ''}" if outcome.others else ""
    return (
        f"{outcome.patients} patients sent {outcome.keys} keys.\n"
        f"Today's archive is signed, and has each of them once, in order{others}.\n"
        f"The bundle is signed, and has {outcome.bundle_keys} keys of past days; today's are added at midnight UTC.\n"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="replay", description="Upload a published day of keys, and check the archive."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="such as tests/data/published_keys_2020-06-23.csv")
    parser.add_argument("--url", help="where the server answers; default: SUBMISSION_URL, or the service of `make run`")
    parser.add_argument("--retrieval-url", metavar="URL", help="where it serves archives, if that is another address")
    parser.add_argument(
        "--settle",
        type=float,
        default=_DEFAULT_SETTLE_SECONDS,
        metavar="SECONDS",
        help="how long the server may take to publish the keys, at most; default: %(default)s",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
