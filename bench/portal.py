"""How long the pages of the portal take: python -m bench.portal http://127.0.0.1:8001

Signs in as a person for demonstrations at an instance with its review tools, such as that of `make run`, and requests
each page that needs no argument, one request after the other, as one person does.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Final

import app.portal.views  # noqa: F401 - registers the pages
from app.portal.views.blueprint import PAGES
from clients.localhost import new_session
from clients.portal import Professional

GOAL_MILLISECONDS: Final = 50  # for the 95th percentile
_WARM_UP: Final = 5
_MILLISECONDS: Final = 1000


def measure(professional: Professional, path: str, count: int) -> tuple[float, float]:
    """Return the median and the 95th percentile of a page, in milliseconds."""
    durations = []
    for _ in range(_WARM_UP + count):
        began = time.perf_counter()
        professional.request("GET", path)
        durations.append((time.perf_counter() - began) * _MILLISECONDS)
    measured = durations[_WARM_UP:]
    return statistics.median(measured), statistics.quantiles(measured, n=20)[-1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the pages of the portal that is named, and print a table; return 0 whatever the figures are."""
    parser = argparse.ArgumentParser(prog="python -m bench.portal", description="Measure the pages of the portal.")
    parser.add_argument("url", help="address of an instance with its review tools, such as http://127.0.0.1:8001")
    parser.add_argument("--requests", type=int, default=100, help="for each page: 100")
    parser.add_argument("--person", default="superuser", help="person for demonstrations: superuser")
    options = parser.parse_args(arguments)
    professional = Professional(options.url, new_session())
    professional.sign_in(options.person)
    sys.stdout.write(f"{'page':32} {'median':>8} {'p95':>8}   (ms; goal for p95: {GOAL_MILLISECONDS})\n")
    for page in sorted({page.rule for page in PAGES.values() if "GET" in page.methods and "<" not in page.rule}):
        median, p95 = measure(professional, f"/en{page}", options.requests)
        late = "" if p95 <= GOAL_MILLISECONDS else "   above the goal"
        sys.stdout.write(f"{page:32} {median:8.1f} {p95:8.1f}{late}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
