"""The monitor, with real servers behind a proxy that can lose everything."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis

from app.domain.incidents.checks import Check
from app.domain.incidents.states import State
from app.store import figure_readings
from app.upkeep.last_purge import record_purge
from app.upkeep.monitoring.spool import unstored_detections
from app.upkeep.queues import queue_of
from tests.support.at_once import at_once
from tests.support.black_hole import BlackHole
from tests.support.receiver import Receiver
from tests.support.smtp import mail_server
from tests.support.torture import only_in_torture
from tests.support.waiting import wait_until
from tests.support.watch import SLOT, Watch

MINUTE = timedelta(minutes=1)


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A client of the Redis of the monitors."""
    with Redis.from_url(redis_url) as client:
        yield client


def test_a_healthy_service_has_no_alert(make_watch: Callable[..., Watch], receiver: Receiver, redis: Redis) -> None:
    watch, worker = make_watch(), make_watch("worker")
    for number in range(20):
        if number in (0, 12):  # Redis has lost everything, and the next purge follows
            redis.delete("last-purge")
        if number in (4, 16):
            record_purge(redis, watch.now)
        watch.rounds(1)
        worker.monitor.run(watch.now)
    assert watch.rows("SELECT * FROM alerts") == []
    assert receiver.attempts == 0
    assert {check for check, _ in watch.counted} == {
        "database",
        "database_latency",
        "redis",
        "worker",
        "clock",
        "purge_lag",
        "queue_lag",
        "status_folder",
    }
    assert len([check for check, _ in watch.counted if check == "database"]) == 6, "once a minute"


def test_rounds_leave_no_thread_and_no_connection(make_watch: Callable[..., Watch], redis: Redis) -> None:
    watch = make_watch()
    watch.rounds(2)
    wait_until(lambda: not watch.hole.is_used, "the connections to PostgreSQL are closed")
    threads, clients = threading.active_count(), len(redis.client_list())
    watch.rounds(10)
    wait_until(lambda: not watch.hole.is_used, "the connections to PostgreSQL are closed")
    wait_until(lambda: threading.active_count() <= threads, "every thread of the rounds has ended")
    wait_until(lambda: len(redis.client_list()) <= clients, "the connections to Redis are closed")


def test_each_slot_is_acted_on_by_one_monitor(make_watch: Callable[..., Watch]) -> None:
    watches = [make_watch(role) for role in ("clock", "worker", "worker")]
    now = watches[0].now + SLOT
    assert sorted(at_once(lambda watch: watch.monitor.run(now), watches)) == [False, False, True]
    assert make_watch(SURFACES="retrieval,status").monitor.run(now), "it checks for other surfaces"


def test_each_slot_is_acted_on_by_one_monitor_without_redis(make_watch: Callable[..., Watch]) -> None:
    watches = [make_watch(role, REDIS_URL="redis://127.0.0.1:1/0") for role in ("clock", "worker", "worker")]
    for slot in range(1, 4):
        now = watches[0].now + slot * SLOT
        assert sorted(at_once(lambda watch, now=now: watch.monitor.run(now), watches)) == [False, False, True]


def test_an_outage_of_redis_is_one_incident_and_one_notice(
    make_watch: Callable[..., Watch], receiver: Receiver
) -> None:
    watch = make_watch(REDIS_URL="redis://127.0.0.1:1/0")
    watch.rounds(2)
    assert watch.rows("SELECT 1 FROM alerts") == []
    watch.rounds(10)
    assert [row.name for row in watch.rows("SELECT name FROM alerts")] == ["redis"]
    assert receiver.kinds == ["opened"]
    assert receiver.received[0][2]["incident"]["titles"]["en"] == "Redis does not respond"


def test_an_outage_of_the_database_is_noticed_and_stored_afterwards(
    make_watch: Callable[..., Watch], hole: BlackHole, receiver: Receiver, tmp_path: Path
) -> None:
    watch = make_watch()
    watch.rounds(1)
    hole.swallow(new=True)
    began = watch.now + SLOT
    watch.rounds(3)
    assert receiver.kinds == ["opened"], "notified although nothing could be stored"
    assert receiver.received[0][2]["incident"]["number"] is None
    (detection,) = unstored_detections(tmp_path)
    assert (detection.key.name, detection.at) == ("database", began)
    watch.rounds(1)
    hole.recover()
    watch.rounds(1)
    (incident,) = watch.rows("SELECT began, state FROM incidents")
    assert (incident.began, incident.state) == (began, "open")
    assert unstored_detections(tmp_path) == []
    assert receiver.kinds == ["opened"], "one outage is one notice"
    assert watch.monitor._spool.notified == {}, "the next one has a notice of its own"
    watch.rounds(1, step=6 * MINUTE)
    assert [row.state for row in watch.rows("SELECT state FROM incidents")] == ["resolved"]
    assert [row.incident_id for row in watch.rows("SELECT incident_id FROM incident_reports")] != []
    assert receiver.kinds == ["opened", "resolved"]


def test_a_monitor_that_is_replaced_during_an_outage_forgets_nothing(
    make_watch: Callable[..., Watch], hole: BlackHole, receiver: Receiver, redis: Redis
) -> None:
    first = make_watch()
    hole.swallow(new=True)
    began = first.now + SLOT
    first.rounds(3)
    lifetime = redis.ttl("unstored-notice:webhook")
    assert 0 < lifetime <= 300, "the notice of a later outage is sent, also if this one is never stored"
    hole.recover()
    second = make_watch()
    second.now = first.now
    second.rounds(1)
    (incident,) = second.rows("SELECT id, began FROM incidents")
    assert incident.began == began
    assert [row.sent for row in second.rows("SELECT sent FROM incident_notices")] == [1]
    assert receiver.kinds == ["opened"]


def test_several_monitors_send_one_notice_of_an_outage_that_cannot_be_stored(
    make_watch: Callable[..., Watch], hole: BlackHole, receiver: Receiver
) -> None:
    clock, worker = make_watch("clock"), make_watch("worker")
    hole.swallow(new=True)
    for _ in range(
        2
    ):  # in turns: each acts in every other slot, and sees every one, the third of which is the notice's
        for first, second in ((clock, worker), (worker, clock)):
            first.rounds(1)
            second.now = first.now
            assert not second.monitor.run(second.now)
    assert receiver.kinds == ["opened"]
    hole.recover()
    clock.rounds(1)
    worker.now = clock.now
    worker.rounds(2)
    assert len(clock.rows("SELECT 1 FROM incidents")) == 1
    assert [row.sent for row in clock.rows("SELECT sent FROM incident_notices")] == [1]
    assert receiver.kinds == ["opened"]


def test_an_outage_that_a_process_left_is_stored_and_notified_where_it_was_not(
    make_watch: Callable[..., Watch], receiver: Receiver, redis: Redis, tmp_path: Path
) -> None:
    with mail_server() as mail:
        watch = make_watch(NOTICE_EMAILS="ada@health.example", MAIL_URL=mail.url)
        began = watch.now
        watch.monitor._spool.keep({Check.DATABASE: began}, {})
        redis.set("unstored-notice:webhook", began.isoformat())
        redis.set("unstored-notice:email", "damaged")
        watch.rounds(1)
        assert [row.began for row in watch.rows("SELECT began FROM incidents")] == [began]
        assert receiver.attempts == 0, "another monitor has sent it"
        assert len(mail.messages) == 1
        assert redis.keys("unstored-notice:*") == [], "the next outage has a notice of its own"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        '{"kept": {"unknown": []}, "notified": {}}',
        '{"kept": {"database": [null, null]}, "notified": {}}',
        "\x00",
    ],
    ids=range(7),
)
def test_a_damaged_spool_is_ignored(make_watch: Callable[..., Watch], tmp_path: Path, content: str) -> None:
    (tmp_path / "monitor-spool-clock.json").write_text(content)
    watch = make_watch()
    watch.rounds(4)
    assert watch.rows("SELECT 1 FROM alerts") == []


# It waits for each limit in turn. In CI the tests above have a silent database, and test_notices.py a slow receiver.
@only_in_torture
def test_a_round_without_any_server_ends_soon(
    make_watch: Callable[..., Watch], hole: BlackHole, redis_url: str, receiver: Receiver
) -> None:
    with BlackHole(redis_url) as redis_hole:
        watch = make_watch(REDIS_URL=redis_hole.url)
        hole.swallow(new=True)
        redis_hole.swallow(new=True)
        receiver.seconds = 60
        started = time.monotonic()
        watch.rounds(3)
        # 3 rounds of 2 waits of 2 seconds, and one of 5 for the receiver; the rest is the speed of the host.
        assert time.monotonic() - started < 120
    assert {each.key.name for each in watch.monitor._spool.detections()} == {"database", "redis"}


@pytest.mark.parametrize(("dead", "alive"), [("worker", "clock"), ("clock", "worker")])
def test_a_dead_process_is_noticed_by_the_other(
    make_watch: Callable[..., Watch], redis: Redis, dead: str, alive: str
) -> None:
    gone, watch = make_watch(dead), make_watch(alive)
    gone.monitor.run(gone.now)
    redis.set(f"heartbeat:{dead}", 0)  # as in a backup of Redis: PostgreSQL has a later one
    watch.rounds(4)
    assert watch.rows("SELECT 1 FROM alerts") == []
    watch.rounds(4)
    assert [row.name for row in watch.rows("SELECT name FROM alerts")] == [dead]
    gone.monitor.run(watch.now)
    watch.rounds(1)
    assert watch.rows("SELECT 1 FROM alerts WHERE resolved IS NULL") == []


def test_a_process_that_never_started_and_a_purge_that_never_ended_are_noticed_after_three_minutes(
    make_watch: Callable[..., Watch], redis: Redis
) -> None:
    watch = make_watch("clock")
    redis.delete("last-purge")
    watch.rounds(12)
    assert watch.rows("SELECT 1 FROM alerts") == []
    watch.rounds(3)
    assert [row.name for row in watch.rows("SELECT name FROM alerts ORDER BY name")] == ["purge_lag", "worker"]


def test_what_is_late_missing_or_above_its_threshold_is_an_alert(
    make_watch: Callable[..., Watch], redis: Redis, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    watch = make_watch(STATUS_FOLDER=str(tmp_path / "file"))
    long_ago = watch.now
    assert watch.service.fetch("00000").status_code == 200  # builds the archive, an hour before
    watch.now += timedelta(hours=1)
    redis.set("last-purge", int(long_ago.timestamp()))
    job = queue_of("submission", redis).enqueue("worker.jobs.purge.purge")
    redis.hset(job.key, "enqueued_at", long_ago.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    with watch.service.database.transaction() as connection:
        figure_readings.add_counts(connection, watch.now - 2 * MINUTE, {"refused_claims": 101})
    watch.rounds(3)
    found = {row.name for row in watch.rows("SELECT name FROM alerts")}
    assert found >= {"archive_freshness", "purge_lag", "queue_lag", "status_folder", "refused_claims"}
    assert [row.impact for row in watch.rows("SELECT impact FROM incidents")] == ["major"]


def test_a_mitigated_state_is_kept_until_recovery(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(REDIS_URL="redis://127.0.0.1:1/0")
    watch.rounds(3)
    (row,) = watch.rows("SELECT id FROM incidents")
    watch.service.app.context.incidents.mitigate(row.id, "ada@health.example", watch.now)
    watch.rounds(4)
    assert [State(row.state) for row in watch.rows("SELECT state FROM incidents")] == [State.MITIGATED]
    assert Check.REDIS in watch.monitor._streaks.firing()
