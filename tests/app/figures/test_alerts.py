"""Figures above a threshold become alerts and incidents, and counted minutes become figures."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.domain.figure_alarms import THRESHOLDS
from app.domain.status import PARTS
from app.figures.readings import FigureReadings
from app.incidents.alerting import Alerting
from app.incidents.objectives import MeasuredObjectives
from app.incidents.texts import title_of_figure
from app.store import figure_readings
from app.upkeep.monitoring.figures import alerts_of_figures
from tests.support.service import Service


@pytest.fixture
def status(make_service: Callable[..., Service]) -> Service:
    """The application with the surface of status."""
    return make_service(SURFACES="submission,status")


def synchronize(status: Service) -> None:
    """Evaluate the figures of now, as the monitor does every minute."""
    found = alerts_of_figures(FigureReadings(status.database).now(status.clock.now), status.clock.now)
    Alerting(status.database, MeasuredObjectives()).synchronize(*found, status.clock.now)


def record(status: Service, figure: str, count: int) -> None:
    """Record what was counted in a minute that is folded."""
    minute = status.clock.now.replace(second=0, microsecond=0) - timedelta(minutes=2)
    with status.database.transaction() as connection:
        figure_readings.add_counts(connection, minute, {figure: count})


def alerts(status: Service) -> list[tuple[str, str, bool]]:
    rows = status.rows(
        "SELECT name, severity, resolved IS NULL AS fires FROM alerts WHERE source = 'figure' ORDER BY id"
    )
    return [(row.name, row.severity, row.fires) for row in rows]


def test_a_figure_above_its_threshold_opens_an_incident_that_ends_with_it(
    status: Service, caplog: pytest.LogCaptureFixture
) -> None:
    record(status, "refused_claims", 101)
    synchronize(status)
    logged = [vars(each) for each in caplog.records if each.message == "figure above threshold"]
    assert [(each["figure"], each["severity"], each["value"]) for each in logged] == [("refused_claims", "page", 101)]
    synchronize(status)
    assert alerts(status) == [("refused_claims", "page", True)]
    (incident,) = status.rows("SELECT title_en, title_fr, parts, state FROM incidents")
    assert incident.title_en == "Many codes are refused"
    assert incident.title_fr.startswith("De nombreux codes")
    assert (incident.parts, incident.state) == (["claiming"], "open")
    status.clock.advance(minutes=10)
    synchronize(status)
    assert alerts(status) == [("refused_claims", "page", False)]
    status.clock.advance(minutes=6)
    synchronize(status)
    assert [row.state for row in status.rows("SELECT state FROM incidents")] == ["resolved"]


def test_a_level_that_is_unknown_ends_no_alert(status: Service) -> None:
    with status.database.transaction() as connection:
        figure_readings.put_levels(connection, status.clock.now, {"unclaimed_codes": 300})
    status.clock.advance(minutes=1)
    synchronize(status)
    status.clock.advance(minutes=30)
    synchronize(status)
    assert alerts(status) == [("unclaimed_codes", "ticket", True)]


def test_every_figure_has_a_title_and_parts_of_the_status_page() -> None:
    for each in THRESHOLDS:
        assert each.figure not in title_of_figure(each.figure)["en"]
        assert set(each.parts) <= set(PARTS)


@pytest.mark.parametrize("figure", [each.figure for each in THRESHOLDS])
def test_every_figure_has_a_title_for_readers_in_both_languages(figure: str) -> None:
    titles = title_of_figure(figure)
    assert {*titles} == {"en", "fr"}
    assert not any("title." in title for title in titles.values())
