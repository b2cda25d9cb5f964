"""Status with the roles of docs/operations.md: its worker folds minutes and publishes, its web processes read."""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app.config import STATUS
from app.measuring.increments import Batch, IncrementStore
from app.store import objective_minutes
from tests.deploys.test_database_roles import faults, run_job
from tests.support.clock import FakeClock
from tests.support.roles import SECTION, database_with_roles, url_of
from tests.support.service import Service, start_service
from tests.support.settings import make_settings
from worker.jobs import fold_minutes
from worker.schedule import PERIODIC_JOBS

CHECKS = ("exposure_alert_checks_total", (("check", "archive_freshness"), ("result", "good")))


@pytest.fixture
def zones(database_url: str, redis_url: str) -> Iterator[tuple[Service, Service]]:
    """The worker and a web process of status, with their roles."""
    with database_with_roles(database_url) as owner:
        services = [
            start_service(make_settings(url_of(role, owner), redis_url, SURFACES=STATUS), FakeClock())
            for role in ("worker_status", "status")
        ]
        yield services[0], services[1]
        for service in services:
            service.database.dispose()
            service.app.context.redis.close()


def test_minutes_are_folded_and_read_with_the_roles(
    zones: tuple[Service, Service], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (worker, web), now = zones, datetime.now(UTC)
    worker.app.context.redis.flushall()
    batch = Batch(1, int(now.timestamp()) // 60 - 2, {CHECKS: 3.0})
    IncrementStore(worker.app.context.redis).add("a-process", [batch], add_to_totals=False)
    monkeypatch.setattr(fold_minutes, "context", lambda: worker.app.context)
    fold_minutes.fold_minutes()
    with web.database.autocommit() as connection:
        stored = objective_minutes.between(connection, now - timedelta(hours=1), now)
    assert [(each.good, each.total) for counts in stored.values() for each in counts] == [(3, 3)]
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_the_status_page_works_with_its_roles(
    start: Callable[..., Service], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    worker = start("worker_status", STATUS)
    worker.clock.now = datetime.now(UTC)  # by which commands announce work
    cli = worker.app.test_cli_runner()
    times = [f"{datetime.now(UTC) + timedelta(days=each):%Y-%m-%dT00:00}" for each in (2, 3)]
    announced = cli.invoke(
        args=["planned-work", "announce", "W", "--fr", "T", "--part", "jobs", "--from", times[0], "--until", times[1]]
    )
    (job,) = (job for job in PERIODIC_JOBS if job.name == "publish-status")
    worker.app.context.redis.flushall()
    run_job(job, worker, monkeypatch)
    worker.app.context.redis.flushall()  # so that the page is that of the table
    page = start("status", STATUS).client.get("/status/en")
    assert page.status_code == 200
    assert 'id="planned-' in page.text
    withdrawn = cli.invoke(args=["planned-work", "withdraw", announced.output.split()[1]])
    assert (announced.exit_code, withdrawn.exit_code) == (0, 0), announced.output + withdrawn.output
    assert "`flask planned-work` as `worker_status`" in SECTION.replace("\n", " ")
    assert faults(caplog) == []
