"""The game day itself: what it reads from a service that had an incident, what it expects, and what it writes."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from app.domain.incidents.states import RECOVERY
from app.incidents.channels import make_channels
from app.incidents.objectives import MeasuredObjectives
from app.upkeep.monitoring.heartbeats import CLOCK, WORKER
from app.upkeep.monitoring.monitor import Monitor
from tests.gameday.calm import Calm, run_calm
from tests.gameday.document import Conditions, write_calm, write_faults
from tests.gameday.faults import FAULTS, Fault
from tests.gameday.history import add_history
from tests.gameday.site import query
from tests.gameday.trial import Trial, notices, run_trial, unmet, written
from tests.gameday.watch import PAGE, RESOLVED
from tests.support.receiver import notice_receiver
from tests.support.service import Service
from tests.support.smtp import mail_server
from tests.support.torture import only_in_torture

SLOT = timedelta(seconds=15)
CONDITIONS = Conditions(at_once=1, history=1.0)


def fault(name: str) -> Fault:
    return next(each for each in FAULTS if each.name == name)


@pytest.fixture
def trial(make_service: Callable[..., Service], database_url: str) -> Trial:
    """A trial without a worker, of which the monitor of a clock wrote everything."""
    with notice_receiver() as webhook, mail_server() as mail:
        service = make_service(
            SURFACES="status",
            NOTICE_WEBHOOK_URL=webhook.url,
            NOTICE_WEBHOOK_KEY="ab" * 32,
            NOTICE_EMAILS="on-call@health.example",
            MAIL_URL=mail.url,
            MAIL_FROM="alerts@health.example",
        )
        now = service.clock.now
        channels = make_channels(service.settings.status, lambda: now)
        count = service.app.context.instruments.count_check
        clock, worker = (
            Monitor(service.settings, role, now, MeasuredObjectives(), channels, count) for role in (CLOCK, WORKER)
        )
        worker.run(now)
        for _ in range(12):
            now += SLOT
            clock.run(now)
        end = now
        while now < end + RECOVERY + 3 * SLOT:
            now += SLOT
            clock.run(now)
            worker.run(now)
        ask = partial(query, database_url)
        return Trial(
            fault("worker dead"),
            lasted=180.0,
            from_begin={PAGE: 90.0},
            from_end={RESOLVED: 315.0},
            incidents=written(ask),
            notices=notices(webhook, mail),
            traffic="no requests",
        )


def test_a_service_that_notices_a_fault_meets_every_expectation(trial: Trial) -> None:
    assert unmet(trial) == []
    (incident,) = trial.incidents
    assert incident.title == "Background work has stopped"
    assert [kind for kind, _ in incident.events] == ["opened", "alert-fired", "alert-ended", "resolved"]
    assert "Users may have been affected for" in (incident.report or "")
    assert [(channel, kind) for channel, kind, _ in trial.notices] == [
        ("webhook", "opened"),
        ("webhook", "resolved"),
        ("e-mail", "opened"),
        ("e-mail", "resolved"),
    ]


def test_what_is_missing_or_too_much_is_named(trial: Trial) -> None:
    (incident,) = trial.incidents
    assert unmet(replace(trial, incidents=(incident, incident))) == ["2 incidents instead of one"]
    assert unmet(replace(trial, fault=fault("Redis gone"))) == [f"unexpected title: {incident.title}"]
    assert unmet(replace(trial, notices=trial.notices[1:])) == ["0 notices by webhook that it opened"]
    assert unmet(replace(trial, notices=(*trial.notices, trial.notices[0]))) == ["2 notices by webhook that it opened"]
    silent = replace(incident, events=incident.events[:2], report=None)
    assert unmet(replace(trial, incidents=(silent,))) == [
        "the timeline lacks alert-ended",
        "the timeline lacks resolved",
        "there is no draft of a report",
    ]


def test_each_run_replaces_its_own_section_of_the_document(trial: Trial, tmp_path: Path) -> None:
    path = tmp_path / "game-day.md"
    write_calm(Calm(60, traffic="100 requests"), CONDITIONS, path)
    write_faults([trial], CONDITIONS, path)
    other = replace(trial, fault=fault("Redis gone"))
    failed = replace(trial, failures=["2 incidents instead of one"])
    write_faults([other], CONDITIONS, path)
    write_faults([failed], CONDITIONS, path)
    text = path.read_text()
    assert re.findall(r"^### (.*)", text, flags=re.MULTILINE) == ["Redis gone", "Worker dead"]
    assert "| Redis gone | 90 | 90 | — | — | 180 | 315 | — | as expected |" in text
    assert text.count("## Faults") == text.count("## A calm period") == 1
    assert text.index("## Faults") < text.index("## A calm period")
    assert "| worker dead | 90 | 90 | — | — | 180 | 315 | — | **failed** |" in text
    assert "| 60 | 0 | 0 | 0 |" in text
    assert "Timeline, 4 entries: opened, alert-fired worker, alert-ended worker, resolved" in text


def test_a_history_covers_the_windows_of_all_alerts(service: Service, database_url: str) -> None:
    service.execute("DELETE FROM objective_minutes")
    add_history(database_url, 0.5)
    rows = query(database_url, "SELECT count(*), min(good), sum(total - good) FROM objective_minutes")
    assert rows == [(3 * 1440 * 14, 1, 0)]


@only_in_torture
@pytest.mark.timeout(1500)
def test_a_dead_worker_is_noticed_published_and_notified(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("site")
    assert run_trial(fault("worker dead"), directory, 1.0, print).failures == []


@only_in_torture
@pytest.mark.timeout(900)
def test_a_calm_service_has_no_false_alarm(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert run_calm(3, tmp_path_factory.mktemp("site"), 1.0, print).failures == []
