"""`bin/gameday`: break the service on purpose, and write docs/game-day.md. The status is 1 after a failed trial."""

import argparse
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import psutil

from tests.gameday.calm import run_calm
from tests.gameday.document import DOCUMENT, Conditions, write_calm, write_faults
from tests.gameday.faults import FAULTS, Fault
from tests.gameday.trial import Trial, run_trial

_AT_ONCE: Final = 3
_CALM_MINUTES: Final = 60.0
_END_SECONDS: Final = 20

_lock = threading.Lock()


def main() -> int:
    """Run the faults, or a calm period; return the exit status."""
    options = _options()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    history = None if options.history == 0 else options.history
    with tempfile.TemporaryDirectory(prefix="gameday-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user if this one is root
        if options.calm is not None:
            return _calm(options.calm, Path(folder), history, options.document)
        faults = [fault for fault in FAULTS if not options.only or fault.name in options.only]
        return _break(faults, Path(folder), Conditions(options.at_once, history), options.document)


def _break(faults: list[Fault], folder: Path, conditions: Conditions, document: Path) -> int:
    # The slowest first: they begin with the first services.
    ordered = sorted(faults, key=lambda fault: -fault.detection_seconds)
    with ThreadPoolExecutor(conditions.at_once) as pool:
        running = {fault.name: pool.submit(_try, fault, folder, conditions.history) for fault in ordered}
        trials = [running[fault.name].result() for fault in faults]
    write_faults(trials, conditions, document)
    failed = [trial.fault.name for trial in trials if trial.failures]
    print(f"{document} is written; " + (f"failed: {', '.join(failed)}" if failed else "all faults as expected"))
    return 1 if failed else 0


def _try(fault: Fault, folder: Path, history: float | None) -> Trial:
    """Run a trial. One that cannot be made is a failure, and the others go on."""
    try:
        directory = folder / fault.name.replace(" ", "-")
        directory.mkdir(mode=0o755)
        return run_trial(fault, directory, history, _teller(fault.name))
    except Exception as error:
        traceback.print_exc()
        return Trial(fault, failures=[f"the trial ended: {type(error).__name__}: {error}"])


def _calm(minutes: float, folder: Path, history: float | None, document: Path) -> int:
    calm = run_calm(minutes, folder, history, _teller("calm"))
    write_calm(calm, Conditions(1, history), document)
    print(f"{document} is written")
    return 1 if calm.failures else 0


def _end(number: int, _: object) -> None:
    """End all processes and this one, without waiting for trials, which take half an hour."""
    children = psutil.Process().children()
    for child in children:
        child.terminate()
    psutil.wait_procs(children, _END_SECONDS)
    os._exit(128 + number)


def _teller(name: str) -> Callable[[str], None]:
    """Return a function that prints a line with the seconds since now."""
    begin = time.monotonic()

    def tell(what: str) -> None:
        with _lock:
            print(f"{time.monotonic() - begin:7.1f} s  {name:14} {what}", flush=True)

    return tell


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/gameday", description=__doc__)
    names = [fault.name for fault in FAULTS]
    parser.add_argument("--only", action="append", choices=names, help="a fault; may be repeated (default: all)")
    parser.add_argument(
        "--at-once", type=int, default=_AT_ONCE, help=f"services that run at the same time ({_AT_ONCE})"
    )
    parser.add_argument(
        "--history",
        type=float,
        default=1.0,
        help="share of the traffic that was measured in the days before; 0: the service is new (default: 1)",
    )
    parser.add_argument(
        "--calm", type=float, nargs="?", const=_CALM_MINUTES, metavar="MINUTES", help="no faults, for 60 minutes"
    )
    parser.add_argument("--document", type=Path, default=DOCUMENT, help="where to write (default: docs/game-day.md)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
