"""Incidents with the database roles of the monitor, of the portal, and of the status page."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.config import PORTAL, STATUS
from app.domain.errors import IncidentRefusedError
from app.incidents.channels import make_channels
from app.incidents.objectives import MeasuredObjectives
from app.upkeep.monitoring.monitor import Monitor
from tests.app.incidents.test_note_webhook import NOTE_TOKEN, send
from tests.deploys.test_database_roles import faults
from tests.support.incidents import AUTHOR, READER, report
from tests.support.receiver import notice_receiver
from tests.support.service import Service

SLOT = timedelta(seconds=15)


def test_an_incident_goes_from_the_monitor_to_the_published_report(
    start: Callable[..., Service], caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime(2026, 3, 18, 12, tzinfo=UTC)
    with notice_receiver() as receiver:
        worker = start("worker_status", STATUS, NOTICE_WEBHOOK_URL=receiver.url, NOTICE_WEBHOOK_KEY="ab" * 32)
        channels = make_channels(worker.settings.status, lambda: now)
        clock, revived = (
            Monitor(
                worker.settings, role, now, MeasuredObjectives(), channels, worker.app.context.instruments.count_check
            )
            for role in ("clock", "worker")
        )
        for _ in range(16):  # no worker has a heartbeat
            now += SLOT
            clock.run(now)
        assert receiver.kinds == ["opened"]
    (incident,) = worker.app.context.incidents.newest()
    web = start("status", STATUS, STATUS_NOTE_TOKENS=f"{NOTE_TOKEN}=hosting")
    assert send(web, {"text": "The host was restarted", "incident": incident.number}).status_code == 204
    assert send(web, {"text": "x", "incident": 999}).status_code == 404
    portal = start("portal", PORTAL).app.context.incidents
    portal.acknowledge(incident.number, AUTHOR, now)
    portal.mitigate(incident.number, AUTHOR, now)
    with pytest.raises(IncidentRefusedError, match="firing"):
        portal.resolve(incident.number, AUTHOR, now)
    revived.run(now + SLOT)
    portal.resolve(incident.number, AUTHOR, now + SLOT)
    portal.reports.change(incident.number, report(), 1, AUTHOR, now)
    portal.reports.read(incident.number, 2, READER, now)
    portal.reports.publish(incident.number, 2, READER, now)
    details = portal.find(incident.number, now)
    assert "The host was restarted" in [event.text for event in details.events]
    (shown,) = worker.app.context.incidents.public(now)
    assert shown.report is not None
    runner = worker.app.test_cli_runner()
    for words in (("list",), ("show", str(incident.number)), ("report", str(incident.number)), ("open", "Another")):
        assert runner.invoke(args=("incidents", *words)).exit_code == 0, words
    assert faults(caplog) == []
