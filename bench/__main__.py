"""`python -m bench`: measure our server, or any other, and write the report."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from bench import own, plot, report, stock, wrk
from bench.arguments import Arguments, parse
from bench.context import Bench, Options
from bench.figures import Row
from bench.floors import nginx
from bench.floors.statements import Runner
from bench.patients import PreparationFailedError
from bench.scenarios import SCENARIOS, Scenario
from bench.scenarios.downloads import BUNDLE_OF_DAYS
from bench.stopping import stop_in_order_on_sigterm
from bench.target import today

_FAILED: Final = 1
_WRONG_USE: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the scenarios, print the table and write the results; return 1 if a scenario had errors, 2 for wrong use."""
    parsed = parse(sys.argv[1:] if arguments is None else arguments)
    for prefix in parsed.options.only:
        if not any(name.startswith(prefix) for name in SCENARIOS):
            _say(f"no scenario begins with {prefix}: {', '.join(SCENARIOS)}")
            return _WRONG_USE
    stop_in_order_on_sigterm()
    for tool, is_installed in (("wrk", wrk.is_installed()), ("nginx", nginx.is_installed())):
        if not is_installed:
            _say(f"{tool} is not installed: scenarios that need it are skipped")
    with _bench(parsed) as bench:
        rows = [row for name, scenario in _chosen(parsed.options) for row in _run(name, scenario, bench)]
    _write(rows, parsed.options, parsed.results)
    return _FAILED if any(row.figures.errors for row in rows) else 0


def _chosen(options: Options) -> list[tuple[str, Scenario]]:
    return [
        (name, scenario)
        for name, scenario in SCENARIOS.items()
        if not options.only or any(name.startswith(prefix) for prefix in options.only)
    ]


def _run(name: str, scenario: Scenario, bench: Bench) -> list[Row]:
    """Run a scenario. A failed one is reported as skipped, and the others continue."""
    _say(f"{name} …")
    try:
        rows = scenario(bench)
    except (
        OSError,
        subprocess.SubprocessError,
        wrk.WrkFailedError,
        own.NotStartedError,
        PreparationFailedError,
    ) as error:
        rows = [Row(name, bench.servers[0].name, skipped=f"it failed: {error}")]
    if bench.own:
        # Gigabytes of log would fill the disk, and disturb the next scenario.
        bench.own.log.open("w").close()
    return rows


@contextmanager
def _bench(arguments: Arguments) -> Iterator[Bench]:
    """Start our own service, unless another server replaces it; it precedes the others."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="exposure-alert-bench-")))
        if arguments.replaces_own:
            yield Bench(arguments.options, arguments.servers)
            return
        _say("starting the service …")
        runner = stack.enter_context(Runner())
        service = stack.enter_context(own.running(folder, _stock(arguments.options)))
        yield Bench(arguments.options, [*service.targets, *arguments.servers], service, runner)


def _stock(options: Options) -> Callable[[str], None]:
    def fill(database_url: str) -> None:
        for back in range(1, BUNDLE_OF_DAYS + 1):
            stock.add_keys(database_url, today() - back, options.keys_per_day, today())
        stock.settle(database_url)

    return fill


def _write(rows: Sequence[Row], options: Options, results: Path) -> None:
    results.mkdir(parents=True, exist_ok=True)
    table = report.table(rows)
    sys.stdout.write("\n" + table)
    (results / "latest.md").write_text(table)
    (results / "latest.json").write_text(report.as_json(rows, options) + "\n")
    if plot.is_possible():
        plot.draw(rows, results / "latest.png")
    else:
        _say("no plot: install requirements-bench.txt")


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
