"""The roles of status and of its worker: what they need, they may do."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.config import STATUS
from app.measuring.increments import Batch, IncrementStore
from app.store import objective_minutes
from tests.deploys.test_database_roles import faults, run_job
from tests.support.roles import SECTION
from tests.support.service import Service
from worker.schedule import PERIODIC_JOBS


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


def test_minutes_are_folded_with_the_role_of_the_worker_and_read_with_that_of_status(
    start: Callable[..., Service], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    worker, now = start("worker_status", STATUS), datetime.now(UTC)
    good = {("exposure_alert_checks_total", (("check", "archive_freshness"), ("result", "good"))): 3.0}
    batch = Batch(1, int(now.timestamp()) // 60 - 2, good)
    IncrementStore(worker.app.context.redis).add("a-process", [batch], add_to_totals=False)
    worker.clock.now = now
    (job,) = (job for job in PERIODIC_JOBS if job.name == "fold-minutes")
    run_job(job, worker, monkeypatch)
    with start("status", STATUS).database.autocommit() as connection:
        stored = objective_minutes.between(connection, now - timedelta(hours=1), now)
    assert [(each.good, each.total) for counts in stored.values() for each in counts] == [(3, 3)]
    assert faults(caplog) == []
