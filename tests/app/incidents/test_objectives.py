"""What incidents take from the objectives: alerts by burn rate, and the figures of reports."""

from datetime import timedelta

import pytest

from app.domain.incidents.checks import Check
from app.domain.objectives import Objective, Severity
from app.incidents.alerting import Alerting
from app.incidents.objectives import MeasuredObjectives
from app.incidents.service import Incidents, Opening
from app.objectives import load_objectives
from app.store import objective_minutes
from tests.support.breakage import without_table
from tests.support.incidents import AUTHOR, check_fires, objective_ends, objective_fires
from tests.support.service import Service

MINUTE = timedelta(minutes=1)


def objective(name: str) -> Objective:
    """Return an objective of the file."""
    return next(each for each in load_objectives() if each.name == name)


def count(status: Service, name: str, minutes: int, good: int, total: int) -> None:
    """Store the same counts for the last minutes."""
    now = status.clock.now.replace(second=0, microsecond=0)
    with status.database.transaction() as connection:
        for number in range(1, minutes + 1):
            objective_minutes.add(connection, now - number * MINUTE, {name: (good, total)})


def test_a_report_has_what_failed_and_the_share_of_the_budget(status: Service, incidents: Incidents) -> None:
    name = load_objectives()[0].name
    now = status.clock.now
    count(status, name, 20, 900, 1000)
    number = incidents.open(Opening("Requests fail"), AUTHOR, now - 10 * MINUTE)
    incidents.resolve(number, AUTHOR, now)
    draft = incidents.find(number, now).draft
    assert draft is not None
    (figure,) = draft.figures
    assert (figure.failed, figure.total) == (1000, 10_000)
    budget = float(objective(name).budget) * 20_000
    assert figure.budget_spent == pytest.approx(1000 / budget)
    assert "1,000 of about 10,000 failed" in draft.report.sections["en"]["impact"]
    assert (
        "1\N{NO-BREAK SPACE}000 sur environ 10\N{NO-BREAK SPACE}000 en échec" in draft.report.sections["fr"]["impact"]
    )


def test_an_incident_that_lasts_longer_than_the_windows_can_be_resolved(status: Service, incidents: Incidents) -> None:
    name, began = load_objectives()[0].name, status.clock.now
    count(status, name, 20, 900, 1000)
    number = incidents.open(Opening("Requests fail"), AUTHOR, began - 30 * MINUTE)
    now = began + timedelta(days=objective(name).window_days + 1)
    incidents.resolve(number, AUTHOR, now)
    draft = incidents.find(number, now).draft
    assert draft is not None
    (figure,) = draft.figures
    assert (figure.failed, figure.total) == (2000, 20_000)
    assert figure.budget_spent == pytest.approx(2000 / (20_000 * float(objective(name).budget)))


@pytest.mark.parametrize(
    ("total", "shown", "words"),
    [
        (1019, 1000, {"en": "3 of about 1,000 failed", "fr": "3 sur environ 1\N{NO-BREAK SPACE}000 en échec"}),
        (19, 0, {"en": "3 of fewer than 20 failed", "fr": "3 sur moins de 20 en échec"}),
    ],
)
def test_a_report_does_not_show_small_numbers_of_people(
    status: Service, incidents: Incidents, total: int, shown: int, words: dict[str, str]
) -> None:
    name, now = load_objectives()[0].name, status.clock.now
    count(status, name, 1, total - 3, total)
    number = incidents.open(Opening("Requests fail"), AUTHOR, now - 10 * MINUTE)
    incidents.resolve(number, AUTHOR, now)
    draft = incidents.find(number, now).draft
    assert draft is not None
    (figure,) = draft.figures
    assert (figure.failed, figure.total) == (3, shown), "what has failed is exact, as on the status page"
    assert figure.budget_spent == pytest.approx(3 / (max(shown, 20) * float(objective(name).budget)))
    for language, text in words.items():
        assert text in draft.report.sections[language]["impact"]


def test_a_burn_rate_fires(status: Service) -> None:
    name = load_objectives()[0].name
    count(status, name, 60, 500, 1000)
    with status.database.autocommit() as connection:
        found = MeasuredObjectives().evaluations(connection, status.clock.now)
    firing = {alert.severity for each in found for alert in each.firing if each.objective == name}
    assert Severity.PAGE in firing


def test_an_incident_is_resolved_also_if_its_figures_cannot_be_read(
    status: Service, incidents: Incidents, caplog: pytest.LogCaptureFixture
) -> None:
    number = incidents.open(Opening("Requests fail"), AUTHOR, status.clock.now)
    with without_table(status, "objective_minutes"):
        incidents.resolve(number, AUTHOR, status.clock.now)
    draft = incidents.find(number, status.clock.now).draft
    assert draft is not None
    assert draft.figures == ()
    assert "figures of an incident unavailable" in [record.message for record in caplog.records]


def test_an_incident_begins_with_the_first_failing_minute(status: Service, incidents: Incidents) -> None:
    name, now = load_objectives()[0].name, status.clock.now
    count(status, name, 7, 0, 100)
    alerting = Alerting(status.database, MeasuredObjectives())
    number = alerting.synchronize([objective_fires(name, Severity.PAGE, now)], [], now)
    assert number is not None
    details = incidents.find(number, now)
    assert details.incident.began == now.replace(second=0, microsecond=0) - 7 * MINUTE
    assert {event.at for event in details.events} == {now}, "the alert fired when it was detected"
    alerting.synchronize([], [objective_ends(name, Severity.PAGE, now)], now)
    incidents.resolve(number, AUTHOR, now)
    draft = incidents.find(number, now).draft
    assert draft is not None
    assert [figure.failed for figure in draft.figures] == [700], "what failed before the alert counts as well"


def test_an_urgent_incident_does_not_begin_with_what_can_wait(status: Service, incidents: Incidents) -> None:
    name, now = load_objectives()[0].name, status.clock.now
    count(status, name, 600, 99, 100)
    urgent, slow = check_fires(Check.WORKER, now), objective_fires(name, Severity.TICKET, now)
    Alerting(status.database, MeasuredObjectives()).synchronize([slow, urgent], [], now)
    assert incidents.newest()[0].began == now


def test_an_incident_is_opened_also_if_its_beginning_cannot_be_read(
    status: Service, incidents: Incidents, caplog: pytest.LogCaptureFixture
) -> None:
    now = status.clock.now
    alerting = Alerting(status.database, MeasuredObjectives())
    with without_table(status, "objective_minutes"):
        alerting.synchronize([objective_fires(load_objectives()[0].name, Severity.PAGE, now)], [], now)
    assert incidents.newest()[0].began == now
    assert "beginning of an incident unknown" in [record.message for record in caplog.records]
