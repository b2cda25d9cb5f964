"""What unused review apps of this project cost: `python -m bench.review_apps --apps 10 --seconds 600`.

Opens apps of the newest commit in a temporary folder, and measures CPU time and memory while they are awake, and then
while they sleep. Run it on a machine that does nothing else.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]

from bench.stopping import stop_in_order_on_sigterm
from bench.usage import cpu_seconds, memory_mb
from processes.ports import LOOPBACK, reserve_port
from review_apps import daemon
from review_apps.host import Host
from review_apps.settings import Settings

_ROOT: Final = Path(__file__).resolve().parent.parent
_PERCENT: Final = 100

Roots = Mapping[str, tuple[int, ...]]


def main() -> None:
    """Print the cost of some apps, awake and asleep."""
    parser = argparse.ArgumentParser(prog="python -m bench.review_apps", description=__doc__)
    parser.add_argument("--apps", type=int, default=1, help="how many (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=600, help="of each measurement (default: %(default)s)")
    parser.add_argument("--settle", type=float, default=60, help="seconds before each of them (default: %(default)s)")
    options = parser.parse_args()
    stop_in_order_on_sigterm()
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"],  # noqa: S607
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    numbers = range(1, options.apps + 1)
    with tempfile.TemporaryDirectory(prefix="review-apps-") as home:
        host = Host(Settings(Path(home), listen=f"{LOOPBACK}:{reserve_port()}"), _say)
        try:
            for number in numbers:
                host.open(number, commit, _ROOT)
            _measure("awake", _roots(host, numbers), options.settle, options.seconds)
            for number in numbers:
                host.sleep(number)
            _measure("asleep", _roots(host, numbers), options.settle, options.seconds)
        finally:
            for number in numbers:
                host.close(number)


def _roots(host: Host, numbers: Sequence[int]) -> Roots:
    """Return the roots of the process trees: of the apps, and of what they share."""
    apps = [process.pid for app in map(host.existing, numbers) for process in host.running.processes(app)]
    daemons = [pid for pid in apps if psutil.Process(pid).ppid() not in apps]
    shared = daemon.process_of(host.settings.home / "shared")
    servers = shared.children() if shared else []
    postgres = [server.pid for server in servers if "postgres" in server.name()]
    others = [server.pid for server in servers if server.pid not in postgres]
    return {"apps": tuple(daemons), "PostgreSQL": tuple(postgres), "nginx, TLS, keeper": tuple(others)}


def _measure(state: str, roots: Roots, settle: float, seconds: float) -> None:
    time.sleep(settle)
    began, before = time.monotonic(), {name: cpu_seconds(pids) or 0.0 for name, pids in roots.items()}
    time.sleep(seconds)
    took, after = time.monotonic() - began, {name: cpu_seconds(pids) or 0.0 for name, pids in roots.items()}
    for name, pids in roots.items():
        core = (after[name] - before[name]) / took * _PERCENT
        print(f"{state:<7} {name:<19} {core:6.2f} % of a core {memory_mb(pids) or 0:7.0f} MB", flush=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
