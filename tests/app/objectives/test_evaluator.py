"""The repeated evaluation from stored minutes: what is current, and what may be five minutes old."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.domain.objectives import Evaluation, Objective, evaluate
from app.objectives import load_objectives
from app.objectives.evaluator import Evaluator
from app.store import objective_minutes
from tests.support.service import Service

NOW = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
CODES, CLAIMS = (each for each in load_objectives() if each.name in ("codes-availability", "claims-availability"))


def store(service: Service, objective: Objective, minutes_ago: int, good: int, total: int) -> None:
    with service.database.transaction() as connection:
        minute = NOW - timedelta(minutes=minutes_ago)
        objective_minutes.add(connection, minute, {objective.name: (good, total)})


def evaluated(service: Service, evaluator: Evaluator, now: datetime = NOW) -> list[Evaluation]:
    with service.database.autocommit() as connection:
        return evaluator.evaluate(connection, now)


def test_stored_minutes_are_evaluated_as_by_the_pure_function(service: Service) -> None:
    short = replace(CLAIMS, window_days=7)
    for ago, good, total in ((1, 90, 100), (59, 50, 60), (3000, 9, 9), (9 * 1440, 8000, 9000), (29 * 1440, 0, 9)):
        store(service, CODES, ago, good, total)
        store(service, short, ago, good, total)
    with service.database.autocommit() as connection:
        stored = objective_minutes.between(connection, NOW - timedelta(days=90), NOW)
    expected = [evaluate(objective, stored[objective.name], NOW) for objective in (CODES, short)]
    assert evaluated(service, Evaluator((CODES, short))) == expected
    assert expected[0].firing
    assert expected[0].ratio != expected[1].ratio


def test_an_objective_without_minutes_has_its_whole_budget(service: Service) -> None:
    store(service, CODES, 1, 1, 1)
    codes, claims = evaluated(service, Evaluator((CODES, CLAIMS)))
    assert (codes.ratio, claims.ratio, claims.budget_left) == (1.0, None, 1.0)


def test_alerts_are_current_and_budgets_at_most_five_minutes_old(service: Service) -> None:
    evaluator = Evaluator((CODES,))
    store(service, CODES, 5, 1000, 1000)
    assert evaluated(service, evaluator)[0].ratio == 1.0
    store(service, CODES, 1, 0, 1000)
    (soon,) = evaluated(service, evaluator, NOW + timedelta(minutes=1))
    assert soon.firing
    assert soon.ratio == 1.0
    assert evaluated(service, evaluator, NOW + timedelta(minutes=5))[0].ratio == 0.5


def test_a_clock_that_was_set_back_does_not_keep_old_budgets(service: Service) -> None:
    evaluator = Evaluator((CODES,))
    store(service, CODES, 5, 1000, 1000)
    assert evaluated(service, evaluator)[0].ratio == 1.0
    assert evaluated(service, evaluator, NOW - timedelta(hours=1))[0].ratio is None
