"""Jobs that the worker runs by itself while Redis cannot be used (worker/fallback.py)."""

import signal
import time
from itertools import chain, repeat
from unittest.mock import Mock

import pytest

from app.config import SUBMISSION, Settings
from app.domain.errors import JobFailedError
from tests.support.settings import make_settings
from worker import fallback
from worker.schedule import PeriodicJob, Slots
from worker.stopping import Stop


@pytest.fixture
def settings() -> Settings:
    return make_settings("postgresql://h/x", "redis://h")


def succeed() -> None:
    """Go on when the group of the worker is told to stop."""
    signal.raise_signal(signal.SIGTERM)
    time.sleep(0.1)


def fail() -> None:
    raise JobFailedError("fail")


def hang() -> None:
    time.sleep(100)


def slots_of(settings: Settings, *jobs: str) -> Slots:
    return Slots(settings, [PeriodicJob(job, f"{__name__}.{job}", SUBMISSION, lambda _: 10**9) for job in jobs])


def counted(instruments: Mock) -> dict[str, bool]:
    return {call.args[0]: call.kwargs["succeeded"] for call in instruments.count_job.call_args_list}


def test_each_job_runs_once_in_its_slot_and_a_failure_stops_no_other(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fallback, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(fallback, "_GRACE_SECONDS", 0.0)
    slots, stop, instruments = slots_of(settings, "fail", "succeed"), Stop(), Mock()
    assert fallback.run_due_jobs(slots, stop, instruments) == ["fail-1000000000", "succeed-1000000000"]
    assert counted(instruments) == {"fail": False, "succeed": True}
    assert fallback.run_due_jobs(slots, stop, instruments) == []
    assert "Traceback" not in capfd.readouterr().err, "the job has logged its failure"


def test_a_job_that_hangs_is_killed_after_the_time_for_jobs(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fallback, "JOB_TIMEOUT_SECONDS", 0.1)
    instruments = Mock()
    fallback.run_due_jobs(slots_of(settings, "hang", "succeed"), Stop(), instruments)
    assert counted(instruments)["hang"] is False


def test_a_job_that_hangs_is_killed_soon_after_the_worker_is_told_to_stop(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fallback, "_GRACE_SECONDS", 0.1)
    stop, instruments = Mock(is_set=Mock(side_effect=chain([False], repeat(True)))), Mock()
    fallback.run_due_jobs(slots_of(settings, "hang", "succeed"), stop, instruments)
    assert counted(instruments) == {"hang": False}


def test_a_job_that_ends_soon_after_the_worker_is_told_to_stop_is_not_killed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fallback, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(fallback, "_GRACE_SECONDS", 1000.0)
    stop, instruments = Mock(is_set=Mock(side_effect=chain([False], repeat(True)))), Mock()
    fallback.run_due_jobs(slots_of(settings, "succeed", "hang"), stop, instruments)
    assert counted(instruments) == {"succeed": True}
