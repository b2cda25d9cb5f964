"""Evaluations of objectives by the monitor."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest

from app.domain.errors import ConfigurationError
from app.domain.objectives import Evaluation, FiringAlert, Severity
from app.incidents.objectives import MeasuredObjectives
from tests.support.breakage import without_table
from tests.support.receiver import Receiver
from tests.support.watch import Watch

MINUTE = timedelta(minutes=1)


@dataclass
class Measuring(MeasuredObjectives):
    """Objectives with the evaluations that a test sets."""

    found: list[Evaluation] = field(default_factory=list)
    calls: int = 0

    def evaluations(self, *_: Any) -> list[Evaluation]:
        """Return what the test set."""
        self.calls += 1
        return self.found


def test_objectives_are_evaluated_once_a_minute(make_watch: Callable[..., Watch]) -> None:
    measuring = Measuring()
    firing = FiringAlert("claims-availability", Severity.PAGE, 14.4, 60, 5)
    slower = FiringAlert("claims-availability", Severity.PAGE, 6, 360, 30)
    watch = make_watch(measured=measuring)
    measuring.found = [Evaluation("claims-availability", 0.9, -1, {}, (firing, slower))]
    watch.rounds(4)
    assert measuring.calls <= 2
    assert [row.name for row in watch.rows("SELECT name FROM alerts")] == ["claims-availability"]
    assert [row.parts for row in watch.rows("SELECT parts FROM incidents")] == [["claiming"]]
    measuring.found = []
    watch.rounds(1, step=MINUTE)
    assert len(watch.rows("SELECT 1 FROM alerts WHERE resolved IS NULL")) == 1, "nothing is known of it"
    measuring.found = [Evaluation("another", 1, 1, {}, ())]
    watch.rounds(1, step=MINUTE)
    assert watch.rows("SELECT 1 FROM alerts WHERE resolved IS NULL") == [], "the objective was removed"
    measuring.found = [Evaluation("claims-availability", 0.9, -1, {}, (firing,))]
    watch.rounds(1, step=MINUTE)
    measuring.found = [Evaluation("claims-availability", 0.9, -1, {}, ())]
    watch.rounds(1, step=MINUTE)
    assert watch.rows("SELECT 1 FROM alerts WHERE resolved IS NULL") == []


def test_an_objective_that_goes_on_failing_after_an_urgent_incident_has_one_of_its_own(
    make_watch: Callable[..., Watch],
) -> None:
    measuring, name = Measuring(), "claims-availability"
    urgent, slow, slower = (
        FiringAlert(name, Severity.PAGE, 14.4, 60, 5),
        FiringAlert(name, Severity.TICKET, 3, 1440, 120),
        FiringAlert(name, Severity.TICKET, 1, 4320, 360),
    )
    watch, worker = make_watch(measured=measuring), make_watch("worker")

    def after(minutes: int, *firing: FiringAlert) -> list[str]:
        """Run a round so many minutes later, and return the urgency and state of each incident."""
        measuring.found = [Evaluation(name, 0.9, -1, {}, firing)]
        watch.rounds(1, step=minutes * MINUTE)
        worker.monitor.run(watch.now)
        return [f"{row.urgency} {row.state}" for row in watch.rows("SELECT urgency, state FROM incidents ORDER BY id")]

    assert after(1, urgent, slow, slower) == ["page open"]
    assert after(1, slow, slower) == ["page open"]
    assert after(6, slow, slower) == ["page resolved"]
    assert after(112, slow, slower) == ["page resolved"]
    assert after(1, slow, slower) == ["page resolved"], "failures of the incident keep the alert firing"
    assert after(1, slow, slower) == ["page resolved", "ticket open"]


@pytest.mark.parametrize("is_file_wrong", [False, True], ids=["table", "file"])
def test_checks_go_on_if_objectives_cannot_be_evaluated(
    make_watch: Callable[..., Watch],
    receiver: Receiver,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_file_wrong: bool,
) -> None:
    if is_file_wrong:
        monkeypatch.setattr("app.objectives.file.read_documents", Mock(side_effect=ConfigurationError("damaged")))
    watch = make_watch(REDIS_URL="redis://127.0.0.1:1/0", NOTICE_HEARTBEAT_URL=receiver.url)
    with nullcontext() if is_file_wrong else without_table(watch.service, "objective_minutes"):
        watch.rounds(4)
    assert (receiver.kinds, receiver.beats) == (["opened"], 2)
    assert "objectives not evaluated" in [record.message for record in caplog.records]
