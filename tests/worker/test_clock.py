"""The clock of periodic jobs (worker/clock.py)."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock, call

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from rq.serializers import JSONSerializer
from rq.worker import SimpleWorker

from app.config import ALL_SURFACES, RETRIEVAL, SUBMISSION, Settings
from app.upkeep.queues import queue_of, waiting_since
from tests.support.service import Service
from tests.support.settings import make_settings
from tests.support.smtp import mail_server
from worker import application
from worker.clock import Clock
from worker.schedule import NEVER, PERIODIC_JOBS, PeriodicJob, Slots
from worker.stopping import Stop

JOBS = (
    PeriodicJob("often", "worker.jobs.purge.purge", SUBMISSION, lambda _: 10),
    PeriodicJob("never", "x.y", SUBMISSION, lambda _: 0),
)


@pytest.fixture
def settings(service: Service) -> Settings:
    """The service's settings."""
    return service.settings


def test_a_job_is_enqueued_once_in_each_of_its_slots(redis: Redis, settings: Settings) -> None:
    clock = Clock(redis, settings, JOBS)
    assert [clock.tick(moment) for moment in (100.0, 105.0, 109.9, 110.0)] == [["often-100"], [], [], ["often-110"]]
    assert clock.tick(50.0) == ["often-50"], "the host's clock was set back"


def test_a_run_is_due_until_it_is_done(settings: Settings) -> None:
    slots = Slots(settings, JOBS)
    (run,) = slots.due(100.0)
    assert list(slots.due(109.9)) == [run]
    slots.mark_done(run)
    assert list(slots.due(109.9)) == []
    assert [run.identifier for run in slots.due(110.0)] == ["often-110"]


def test_a_run_that_no_worker_has_started_waits_also_after_its_entry_has_expired(
    redis: Redis, settings: Settings
) -> None:
    assert waiting_since(SUBMISSION, redis) is None
    redis.delete(queue_of(SUBMISSION, redis).enqueue("worker.jobs.purge.purge").key)  # by the portal, for example
    clock = Clock(redis, settings, JOBS)
    for moment in (100.0, 110.0):
        clock.tick(moment)
        redis.delete(f"rq:job:often-{int(moment)}")
    assert waiting_since(SUBMISSION, redis) == datetime.fromtimestamp(100, UTC)
    assert 3600 < redis.ttl(queue_of(SUBMISSION, redis).key) <= 7200, "it outlives its runs, not a removed surface"


def test_two_clocks_enqueue_a_run_once(redis: Redis, settings: Settings) -> None:
    first, second = Clock(redis, settings, JOBS), Clock(redis, settings, JOBS)
    assert first.tick(100.0) == ["often-100"]
    assert second.tick(100.5) == []
    assert queue_of(SUBMISSION, redis).count == 1


def test_a_second_clock_does_not_repeat_a_run_that_is_done(
    redis: Redis, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.jobs.purge.context", lambda: service.app.context)
    Clock(redis, service.settings, JOBS).tick(100.0)
    work(redis)
    assert Clock(redis, service.settings, JOBS).tick(100.5) == []
    assert queue_of(SUBMISSION, redis).count == 0
    assert 10 < redis.ttl("rq:job:often-100") <= 20, "the other clock may be slower by up to a slot"


def work(redis: Redis) -> None:
    queues = [queue_of(surface, redis) for surface in ALL_SURFACES]
    SimpleWorker(queues, connection=redis, serializer=JSONSerializer).work(burst=True)


def test_every_periodic_job_runs(
    redis: Redis, make_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with mail_server() as server:
        places = {
            "DIGEST_EMAILS": "team@health.example",
            "MAIL_URL": server.url,
            "DOWNLOAD_FILES": f"file://{tmp_path}/d",
        }
        service = make_service(SURFACES=",".join(ALL_SURFACES), RELEASE_PERIOD_HOURS="1", **places)
        for job in PERIODIC_JOBS:
            monkeypatch.setattr(f"{job.function.rpartition('.')[0]}.context", lambda: service.app.context)
        runs = Clock(redis, service.settings).tick(1e9)
        assert len(runs) == len(PERIODIC_JOBS)
        work(redis)
    queues = [queue_of(surface, redis) for surface in ALL_SURFACES]
    assert sum(queue.failed_job_registry.count for queue in queues) == 0
    assert sum(queue.finished_job_registry.count for queue in queues) == len(runs)


def test_archives_are_not_refreshed_where_they_are_not_served(make_service: Callable[..., Service]) -> None:
    for changes in ({"SURFACES": "submission"}, {"EXPORT_MAX_AGE_SECONDS": "0"}):
        service = make_service(**changes)
        runs = Clock(service.app.context.redis, service.settings).tick(1e9)
        assert not any(run.startswith("refresh") for run in runs)
        service.app.context.redis.flushall()


@pytest.mark.parametrize(
    ("name", "changes", "interval"),
    [
        ("refresh-archives", {"EXPORT_MAX_AGE_SECONDS": "90"}, 30),  # twice before it is too old
        ("refresh-archives", {"EXPORT_MAX_AGE_SECONDS": "2"}, 1),
        ("publish-downloads", {"EXPORT_MAX_AGE_SECONDS": "90", "DOWNLOAD_FILES": "file:///d"}, 30),
        ("publish-downloads", {}, NEVER),
        ("pad-batch", {"RELEASE_PERIOD_HOURS": "1", "RELEASE_MINIMUM_UPLOADS": "0"}, NEVER),
        ("pad-batch", {"RELEASE_PERIOD_HOURS": "0"}, NEVER),
        ("send-digest", {"SURFACES": "status"}, NEVER),
    ],
)
def test_some_intervals_follow_the_settings(name: str, changes: dict[str, str], interval: int) -> None:
    (job,) = [job for job in PERIODIC_JOBS if job.name == name]
    assert job.interval(make_settings("postgresql://h/x", "redis://h", **changes)) == interval


def test_jobs_travel_as_json(redis: Redis, settings: Settings) -> None:
    Clock(redis, settings, JOBS).tick(100.0)
    (job,) = queue_of(SUBMISSION, redis).jobs
    assert (job.func_name, job.args, job.kwargs) == ("worker.jobs.purge.purge", [], {})


def test_a_run_is_dropped_at_the_next_one_and_stopped_after_ten_minutes(redis: Redis, settings: Settings) -> None:
    Clock(redis, settings, JOBS).tick(100.0)
    (job,) = queue_of(SUBMISSION, redis).jobs
    assert (job.ttl, job.timeout) == (10, 600)


@pytest.mark.parametrize(
    ("interval", "runs", "seconds"), [(10, ["purge-3600"], 6.01), (3600, ["purge-3600"], 60), (NEVER, [], 60)]
)
def test_the_clock_waits_for_the_next_slot_but_no_longer_than_a_minute(
    redis: Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch, interval: int, runs: list[str], seconds: float
) -> None:
    monkeypatch.setattr("worker.clock.time", Mock(time=lambda: 3604.0))
    stop = Mock(is_set=Mock(side_effect=[False, True]))
    Clock(redis, settings, [PeriodicJob("purge", "worker.jobs.purge.purge", SUBMISSION, lambda _: interval)]).run(stop)
    assert queue_of(SUBMISSION, redis).job_ids == runs
    assert stop.wait.call_args == call(pytest.approx(seconds))


def test_without_redis_the_clock_keeps_trying_until_it_is_told_to_stop(
    settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, clock = Stop(), Clock(Redis(port=1), settings, JOBS)
    ticks: list[float] = []

    def failing(moment: float) -> list[str]:
        ticks.append(moment)
        if len(ticks) == 3:
            stop.set()
        raise RedisConnectionError

    monkeypatch.setattr("worker.clock.RETRY_SECONDS", 0.001)
    monkeypatch.setattr(clock, "tick", failing)
    clock.run(stop)
    assert len(ticks) == 3
    assert "Redis unreachable" in caplog.text


def test_the_worker_makes_its_application_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    monkeypatch.setattr(application, "create_app", lambda: made.append(SimpleNamespace(context=object())) or made[-1])
    application.context.cache_clear()
    assert application.context() is application.context()
    application.context.cache_clear()
    assert len(made) == 1


def test_each_surface_has_its_own_jobs(make_service: Callable[..., Service]) -> None:
    service = make_service(SURFACES="retrieval")
    redis = service.app.context.redis
    runs = Clock(redis, service.settings).tick(1e9)
    assert [run.rpartition("-")[0] for run in runs] == ["refresh-archives"]
    assert queue_of(SUBMISSION, redis).count == 0
    assert queue_of(RETRIEVAL, redis).count == 1


def test_of_a_failed_job_nothing_is_kept_but_its_place(
    redis: Redis, service: Service, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("Key (one_time_code)=(SECRETCODE) already exists")

    monkeypatch.setattr("worker.jobs.purge.context", lambda: service.app.context)
    monkeypatch.setattr("app.upkeep.retention.purge", fail)
    Clock(redis, service.settings, JOBS).tick(100.0)
    work(redis)
    (job_id,) = queue_of(SUBMISSION, redis).failed_job_registry.get_job_ids()
    kept = b"".join(redis.dump(key) or b"" for key in redis.keys("*")) + capfd.readouterr().err.encode()
    assert job_id == "often-100"
    assert b"SECRETCODE" not in kept
    assert b"ValueError at test_clock.py" in kept
    result = queue_of(SUBMISSION, redis).fetch_job(job_id).latest_result()  # type: ignore[union-attr]
    assert "JobFailedError: purge" in str(result.exc_string)
    lifetimes = {redis.ttl(key) for key in redis.keys("rq:*often-100*")}
    assert max(lifetimes) <= 2 * 10, "an outage of the database must not fill Redis"
    assert min(lifetimes) > 0
    assert "SECRETCODE" not in str(result.exc_string)
