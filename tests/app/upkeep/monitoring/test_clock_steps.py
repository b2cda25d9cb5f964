"""The monitor after the clock of a host was an hour ahead, and was set back."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.domain.incidents.checks import Check
from app.domain.incidents.states import RECOVERY
from app.incidents.alerting import Alerting
from app.incidents.objectives import MeasuredObjectives
from tests.support.incidents import check_ends, check_fires
from tests.support.service import Service
from tests.support.watch import SLOT, Watch

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def test_a_process_that_dies_is_noticed(make_watch: Callable[..., Watch]) -> None:
    gone, watch = make_watch("worker"), make_watch("clock")
    for moment in (gone.now + HOUR, gone.now):
        gone.monitor.run(moment)
    watch.rounds(8)
    assert [row.name for row in watch.rows("SELECT name FROM alerts")] == ["worker"]


def test_a_process_that_dies_while_its_clock_is_ahead_is_noticed(make_watch: Callable[..., Watch]) -> None:
    gone, watch = make_watch("worker"), make_watch("clock")
    gone.monitor.run(gone.now + HOUR)
    watch.monitor.run(watch.now + HOUR / 2)  # this clock is set back as well
    watch.rounds(8)
    assert [row.name for row in watch.rows("SELECT name FROM alerts")] == ["worker"]


def test_a_process_whose_clock_is_ahead_is_not_missed_while_it_runs(make_watch: Callable[..., Watch]) -> None:
    ahead, watch = make_watch("worker"), make_watch("clock")
    for _ in range(12):
        ahead.now += SLOT
        ahead.monitor.run(ahead.now + HOUR)
        watch.rounds(1)
    watched = [good for name, good in watch.counted if name == "worker"]
    assert watched == [True] * len(watched)
    assert len(watched) > 1


def test_a_monitor_acts_without_redis(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(REDIS_URL="redis://127.0.0.1:1/0")
    watch.monitor.run(watch.now + HOUR)
    assert watch.monitor.run(watch.now + SLOT)


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    """A service with incidents."""
    return make_service(SURFACES="submission,status")


def test_an_alert_ends(service: Service) -> None:
    alerting, now = Alerting(service.database, MeasuredObjectives()), service.clock.now
    alerting.synchronize([check_fires(Check.REDIS, now + HOUR)], [], now + HOUR)
    alerting.synchronize([], [check_ends(Check.REDIS, now)], now)
    alerting.synchronize([], [], now + RECOVERY)
    assert [row.state for row in service.rows("SELECT state FROM incidents")] == ["resolved"]
    again = now + RECOVERY + MINUTE
    assert alerting.synchronize([check_fires(Check.REDIS, again)], [], again) is not None


def test_a_monitor_that_noticed_nothing_ends_no_alert(service: Service) -> None:
    alerting, now = Alerting(service.database, MeasuredObjectives()), service.clock.now
    alerting.synchronize([check_fires(Check.REDIS, now)], [], now)
    alerting.synchronize([], [check_ends(Check.REDIS, now - HOUR)], now - MINUTE / 2)
    assert len(service.rows("SELECT 1 FROM alerts WHERE resolved IS NULL")) == 1


def test_an_alert_that_ended_meanwhile_fires_again(service: Service) -> None:
    alerting, now = Alerting(service.database, MeasuredObjectives()), service.clock.now
    alerting.synchronize([check_fires(Check.REDIS, now + HOUR)], [], now + HOUR)
    alerting.synchronize([], [check_ends(Check.REDIS, now + HOUR + MINUTE)], now + HOUR + MINUTE)
    assert alerting.synchronize([check_fires(Check.REDIS, now)], [], now) is not None
    assert len(service.rows("SELECT 1 FROM alerts WHERE resolved IS NULL")) == 1


def test_an_incident_whose_alert_ended_meanwhile_is_resolved(service: Service) -> None:
    alerting, now = Alerting(service.database, MeasuredObjectives()), service.clock.now
    alerting.synchronize([check_fires(Check.REDIS, now + HOUR)], [], now + HOUR)
    alerting.synchronize([], [check_ends(Check.REDIS, now + HOUR + MINUTE)], now + HOUR + MINUTE)
    alerting.synchronize([], [], now + RECOVERY)
    assert [row.state for row in service.rows("SELECT state FROM incidents")] == ["resolved"]
