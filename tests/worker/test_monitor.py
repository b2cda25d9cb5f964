"""The thread of the monitor: it survives failures, and ends with its process."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from app.domain.timeline import utc_now
from app.incidents.service import Opening
from app.upkeep.monitoring.heartbeats import CLOCK
from tests.support.service import Service
from tests.support.smtp import mail_server
from tests.support.waiting import wait_until
from worker.monitor import MonitorThread, start_monitor


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make slots of a tenth of a second."""
    monkeypatch.setattr("worker.monitor.SLOT_SECONDS", 0.1)


def test_a_round_that_fails_is_logged_and_followed_by_others(often: None, caplog: pytest.LogCaptureFixture) -> None:
    class Failing:
        rounds = 0

        def run(self, now: datetime) -> bool:
            self.rounds += 1
            raise RuntimeError(now)

    failing = Failing()
    thread = MonitorThread(failing)  # type: ignore[arg-type]
    thread.start()
    wait_until(lambda: failing.rounds >= 3, "three rounds have failed")
    thread.stop()
    assert "monitor failed" in [record.message for record in caplog.records]
    wait_until(lambda: "monitor" not in {each.name for each in threading.enumerate()}, "the thread has ended")


def test_a_process_does_not_wait_for_a_round_that_hangs(often: None) -> None:
    began, end = threading.Event(), threading.Event()

    class Hanging:
        def run(self, _: datetime) -> bool:
            began.set()
            return end.wait(60)

    thread = MonitorThread(Hanging())  # type: ignore[arg-type]
    thread.start()
    assert began.wait(60), "a round begins"
    started = time.monotonic()
    thread.stop()
    assert time.monotonic() - started < 30, "the limit is a second"
    end.set()


def test_the_process_of_a_clock_writes_its_heartbeat(often: None, make_service: Callable[..., Service]) -> None:
    service = make_service(SURFACES="submission,status")
    thread = start_monitor(service.app.context, CLOCK)
    assert thread is not None
    wait_until(lambda: service.rows("SELECT 1 FROM heartbeats WHERE role = 'clock'"), "a heartbeat is stored")
    thread.stop()


def test_a_recipient_who_was_refused_for_the_moment_gets_the_notice_from_the_same_process(
    often: None, make_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.incidents.late_recipients._FIRST_PAUSE", timedelta(seconds=1))
    with mail_server() as mail:
        mail.refused = frozenset({"grace@health.example"})
        emails = "ada@health.example,grace@health.example"
        service = make_service(SURFACES="submission,status", NOTICE_EMAILS=emails, MAIL_URL=mail.url)
        service.app.context.incidents.open(Opening("Claims fail"), "team", utc_now())
        thread = start_monitor(service.app.context, CLOCK)
        assert thread is not None
        wait_until(lambda: mail.messages, "the notice is sent")
        mail.refused = frozenset()
        wait_until(lambda: mail.messages[-1]["To"] == "grace@health.example", "it is sent to her alone")
        thread.stop()


def test_a_process_without_status_has_no_monitor(make_service: Callable[..., Service]) -> None:
    assert start_monitor(make_service(SURFACES="submission").app.context, CLOCK) is None
