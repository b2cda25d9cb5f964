"""Comparing clocks (app/database/clock_check.py), and the time of jobs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.database.clock_check import ClockCheck, database_time
from tests.support.service import Service
from worker.clock_skew import current_time

WARNING = "clock differs from the database's"


def clock_with(skew: timedelta) -> Callable[[], datetime]:
    return lambda: datetime.now(UTC) + skew


@pytest.mark.parametrize("seconds", [-7200, -240, -3, 3, 240, 7200])
def test_a_clock_that_differs_is_reported_and_the_databases_is_used(
    service: Service, caplog: pytest.LogCaptureFixture, seconds: int
) -> None:
    with service.database.autocommit() as connection:
        before = datetime.now(UTC)
        moment = database_time(connection, clock_with(timedelta(seconds=seconds)))
        after = datetime.now(UTC)
    # The database of this test runs on this host.
    assert before - timedelta(seconds=1) <= moment <= after + timedelta(seconds=1)
    (record,) = [record for record in caplog.records if record.message == WARNING]
    # The time that the response takes is taken off.
    assert abs(vars(record)["seconds"] - seconds) <= 1 + (after - before).total_seconds()


def test_a_right_clock_is_not_reported_however_slow_the_database(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    moments = iter((datetime.now(UTC) - timedelta(minutes=1), datetime.now(UTC) + timedelta(minutes=1)))
    with service.database.autocommit() as connection:
        database_time(connection, lambda: next(moments))
    assert WARNING not in caplog.messages


def test_clocks_are_compared_once_a_minute(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    check = ClockCheck(clock_with(timedelta(minutes=4)))
    with service.database.autocommit() as connection:
        for _ in range(5):
            check.compare(connection)
    assert caplog.messages.count(WARNING) == 1


def test_a_web_process_compares_its_clock_when_it_loads_an_archive(
    make_service: Callable[..., Service], caplog: pytest.LogCaptureFixture
) -> None:
    service = make_service(EXPORT_MAX_AGE_SECONDS="60")
    service.clock.now = datetime.now(UTC) + timedelta(minutes=4)
    assert service.fetch(service.today).status_code == 200
    assert caplog.messages.count(WARNING) == 1


def test_jobs_take_the_time_of_the_database(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    service.clock.now = datetime.now(UTC) + timedelta(hours=2)
    assert abs(current_time(service.app.context) - datetime.now(UTC)) < timedelta(minutes=1)
    assert WARNING in caplog.messages
