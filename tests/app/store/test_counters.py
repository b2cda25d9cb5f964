"""Counters of events, uploads and claims (app/store/counters.py)."""

from datetime import date, timedelta

import pytest

from app.store import counters
from app.store.counters import DailyEventCount
from tests.support.service import Service

DAY = date(2026, 3, 10)
EVENT = "events (source, identifier, device_type, date, count) VALUES ('302', 'OTKClaimed', '{}', '{}', 1)"


@pytest.mark.parametrize(
    "row",
    [
        EVENT.format("Server", DAY),
        f"tek_upload_count (originator, date, count, first_upload) VALUES ('302', '{DAY}', 14, true)",
        f"otk_life_duration (originator, hours, date, count) VALUES ('302', 1, '{DAY}', 1)",
    ],
    ids=["an event", "an upload", "a claim"],
)
def test_the_first_day_is_that_of_the_first_count_of_any_kind(service: Service, row: str) -> None:
    service.execute(f"INSERT INTO {EVENT.format('Server', DAY + timedelta(days=1))}")
    service.execute(f"INSERT INTO {row}")
    with service.database.autocommit() as connection:
        assert counters.first_day(connection) == DAY


def test_events_of_several_days_are_those_of_servers_up_to_the_last_day(service: Service) -> None:
    counted = [DailyEventCount(DAY + timedelta(days=number), "302", "OTKClaimed", 1) for number in range(4)]
    for event in counted:
        service.execute(f"INSERT INTO {EVENT.format('Server', event.day)}")
    for days in (-1, 1):
        service.execute(f"INSERT INTO {EVENT.format('iOS', DAY + timedelta(days=days))}")
    with service.database.autocommit() as connection:
        found = counters.events_between(connection, counted[1].day, counted[2].day)
        assert sorted(found, key=lambda event: event.day) == counted[1:3]
        assert counters.first_day(connection) == DAY
