"""The objectives of objectives.yaml, as incidents see them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import Connection

from app.domain.incidents.reports import Figure
from app.domain.objectives import Counts, Evaluation, MinuteCounts, Objective, Severity, began
from app.domain.portal.suppression import THRESHOLD, in_steps
from app.objectives import load_objectives
from app.objectives.evaluator import Evaluator
from app.store import objective_minutes


class MeasuredObjectives:
    """Objectives and their counted minutes. The file is read when it is first needed."""

    @cached_property
    def _objectives(self) -> tuple[Objective, ...]:
        return load_objectives()

    @cached_property
    def _evaluator(self) -> Evaluator:
        return Evaluator(self._objectives)

    def titles(self) -> Mapping[str, Mapping[str, str]]:
        """Return the title of each objective by its name, by language."""
        return {objective.name: objective.titles for objective in self._objectives}

    def parts(self) -> Mapping[str, str]:
        """Return which part of the service each objective is about, by its name."""
        return {objective.name: objective.part for objective in self._objectives}

    def evaluations(self, connection: Connection, now: datetime) -> Sequence[Evaluation]:
        """Return each objective at this moment. Raises DBAPIError."""
        return self._evaluator.evaluate(connection, now)

    def began(self, connection: Connection, name: str, severity: Severity, now: datetime) -> datetime | None:
        """Return when what makes an objective's alert fire began; None if none fires. Raises DBAPIError."""
        objective = next((each for each in self._objectives if each.name == name), None)
        if objective is None:
            return None
        windows = [each.long_minutes for each in objective.alerts if each.severity is severity]
        begin = now - timedelta(minutes=max(windows, default=0) + 1)
        return began(objective, severity, objective_minutes.between(connection, begin, now).get(name, ()), now)

    def figures(self, connection: Connection, begin: datetime, end: datetime) -> Sequence[Figure]:
        """Return what failed in whole minutes of a period, and the share of the budget that it spent.

        The budget is that of the objective's window which ends with the period, or of a period that had more events.
        Totals are in steps, as on the status page: see `published_counts`. Raises DBAPIError.
        """
        first, last = begin.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
        last += timedelta(minutes=1)
        counted = objective_minutes.between(connection, first, last)
        whole = objective_minutes.sums(connection, {each.window_minutes for each in self._objectives}, last)
        return [
            _figure(objective, failed, whole.get(objective.name, {}).get(objective.window_minutes, Counts(0, 0)))
            for objective in self._objectives
            if (failed := _sum(counted.get(objective.name, ()))).bad
        ]


def _sum(minutes: Iterable[MinuteCounts]) -> Counts:
    return Counts(sum(each.good for each in minutes), sum(each.total for each in minutes))


def _figure(objective: Objective, counts: Counts, whole: Counts) -> Figure:
    total = in_steps(max(counts.total, whole.total)) or THRESHOLD
    spent = float(counts.bad / (total * objective.budget))
    return Figure(objective.name, dict(objective.titles), counts.bad, in_steps(counts.total), spent)
