"""`flask objectives`: check objectives.yaml, generate files from it, and show how the service meets its objectives."""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from app.cli.commands import OperatorCommand
from app.domain.errors import ConfigurationError
from app.domain.objectives import Evaluation, Objective, time_left
from app.domain.timeline import utc_now
from app.objectives import OBJECTIVES_FILE, find_problems, load_objectives
from app.objectives.evaluator import Evaluator
from app.objectives.generated import ROOT_FOLDER, differing, write
from app.web.context import current_context

_COLUMNS = ("objective", "target", "achieved", "budget left", "lasts", "alerts")


@click.group()
def objectives() -> None:
    """Objectives: which share of requests, or of checks, must be good."""


@objectives.command("check")
@click.argument("file", default=OBJECTIVES_FILE, type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Check FILE, or objectives.yaml.

    Prints one line for each problem, and ends with status 1 if there is one.
    """
    problems = find_problems(file)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise click.exceptions.Exit(1)
    click.echo(f"No problem in {file.name}: {len(load_objectives(file))} objectives.")


@objectives.command("generate")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; end with status 1 if a file would change.")
@click.option(
    "--into", type=click.Path(path_type=Path), default=ROOT_FOLDER, help="A folder other than that of the project."
)
def generate(only_check: bool, into: Path) -> None:
    """Write the rules of Prometheus, the dashboard of Grafana and the plots of docs/objectives.md."""
    loaded = _load()
    changed = differing(loaded, into) if only_check else write(loaded, into)
    for path in changed:
        click.echo(f"{'differs' if only_check else 'written'}: {path}", err=only_check)
    if changed and only_check:
        raise click.ClickException("run `flask --app app objectives generate` and commit the files")
    if not changed:
        click.echo("All generated files are up to date.")


@objectives.command("show", cls=OperatorCommand)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def show(as_json: bool) -> None:
    """Print each objective, its target, what was achieved, the budget left, how long that lasts, and alerts."""
    loaded = _load()
    with current_context().database.autocommit() as connection:
        evaluations = Evaluator(loaded).evaluate(connection, utc_now())
    rows = [_Row(objective, evaluation) for objective, evaluation in zip(loaded, evaluations, strict=True)]
    if as_json:
        click.echo(json.dumps([row.to_json() for row in rows], indent=2))
        return
    table = [_COLUMNS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())


@dataclass(frozen=True)
class _Row:
    objective: Objective
    evaluation: Evaluation

    @property
    def _time_left(self) -> timedelta | None:
        return time_left(self.objective, self.evaluation)

    def cells(self) -> tuple[str, ...]:
        """Return the texts of a line."""
        found = self.evaluation
        return (
            self.objective.name,
            f"{self.objective.target:.2%}",
            "no events" if found.ratio is None else f"{found.ratio:.3%}",
            f"{found.budget_left:.1%}",
            _spell(self._time_left, self.objective.window_days),
            ", ".join(f"{alert.severity} {alert.factor:g}" for alert in found.firing) or "-",
        )

    def to_json(self) -> dict[str, Any]:
        """Return the same, and all burn rates; durations are in seconds, windows in minutes."""
        found, left = self.evaluation, self._time_left
        return {
            "objective": self.objective.name,
            "part": self.objective.part,
            "titles": dict(self.objective.titles),
            "target": self.objective.target,
            "window_days": self.objective.window_days,
            "ratio": found.ratio,
            "budget_left": found.budget_left,
            "seconds_left": None if left is None else int(left.total_seconds()),
            "burn_rates": {str(minutes): rate for minutes, rate in found.burn_rates.items()},
            "alerts": [
                {
                    "severity": alert.severity.value,
                    "factor": alert.factor,
                    "long_minutes": alert.long_minutes,
                    "short_minutes": alert.short_minutes,
                }
                for alert in found.firing
            ],
        }


def _load() -> tuple[Objective, ...]:
    try:
        return load_objectives()
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None


def _spell(left: timedelta | None, window_days: int) -> str:
    """Return a duration in words. Bad events leave the window in time, so a budget may last for ever."""
    if left is None or left >= timedelta(days=window_days):
        return f"{window_days} days or more"
    if left < timedelta(days=1):
        return "spent" if not left else f"{left.total_seconds() / 3600:.1f} hours"
    return f"{left / timedelta(days=1):.1f} days"
