"""`flask planned-work`: announcing, withdrawing and listing work."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.service import Service

SOON = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(days=30)


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    """A service that serves status, in a time zone four and a half hours from UTC all year."""
    return make_service(SURFACES="status", STATUS_TIME_ZONE="Asia/Kabul")


def run(service: Service, *arguments: str) -> Any:
    return service.app.test_cli_runner().invoke(args=["planned-work", *arguments])


def announce(service: Service, *parts: str, begins: str = "", ends: str = "", title: str = "Upgrade") -> Any:
    local = SOON + timedelta(hours=4, minutes=30)
    begins = begins or f"{local:%Y-%m-%dT%H:%M}"
    ends = ends or f"{local + timedelta(days=14):%Y-%m-%d %H:%M}"
    chosen = [argument for part in parts or ("portal",) for argument in ("--part", part)]
    return run(service, "announce", title, "--fr", "Mise à niveau", *chosen, "--from", begins, "--until", ends)


def test_work_is_announced_in_the_time_zone_listed_and_withdrawn(service: Service) -> None:
    announced = announce(service, "portal", "issuing", "portal", title="U" * 200)
    assert announced.exit_code == 0, announced.output
    number = announced.output.split()[1]
    assert announced.output == f"announced\t{number}\n"
    (row,) = service.rows("SELECT parts, begins, ends, title_fr FROM status_planned_work")
    assert tuple(row) == ("portal,issuing", SOON, SOON + timedelta(days=14), "Mise à niveau")
    listed = run(service, "list").output.rstrip("\n").split("\t")
    assert listed[0] == number
    assert listed[1].endswith("+04:30")
    assert listed[3:] == ["portal,issuing", "U" * 200]
    assert run(service, "withdraw", number).output == f"withdrawn\t{number}\n"
    assert run(service, "list").output == ""
    again = run(service, "withdraw", number)
    assert (again.exit_code, again.output) == (1, "Error: there is no such work, or it has ended\n")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"begins": "2020-01-01T10:00", "ends": "2020-01-01T11:00"}, "in the past"),
        ({"begins": "2099-01-01T10:00", "ends": "2099-01-01T10:00"}, "must end after it begins"),
        ({"begins": "2099-01-01T10:00", "ends": "2099-02-01T10:00"}, "longer than 14 days"),
        ({"title": " "}, "a title is empty"),
        ({"title": "x" * 201}, "longer than 200 characters"),
        ({"title": "D\udce9m\udce9nagement"}, "a title is not UTF-8"),
        ({"begins": "tomorrow"}, "does not match the formats"),
    ],
)
def test_what_cannot_be_meant_is_refused(service: Service, changed: dict[str, str], reason: str) -> None:
    refused = announce(service, **changed)
    assert refused.exit_code != 0
    assert reason in refused.output
    assert service.rows("SELECT count(*) FROM status_planned_work") == [(0,)]


def test_work_in_a_night_in_which_clocks_are_set_back_contains_all_that_may_be_meant(
    make_service: Callable[..., Service],
) -> None:
    service = make_service(SURFACES="status", STATUS_TIME_ZONE="America/Toronto")
    assert announce(service, begins="2035-11-04T01:15", ends="2035-11-04T01:45").exit_code == 0
    (row,) = service.rows("SELECT begins, ends FROM status_planned_work")
    assert tuple(row) == (datetime(2035, 11, 4, 5, 15, tzinfo=UTC), datetime(2035, 11, 4, 6, 45, tzinfo=UTC))


def test_a_time_that_clocks_skip_is_refused(make_service: Callable[..., Service]) -> None:
    service = make_service(SURFACES="status", STATUS_TIME_ZONE="America/Toronto")
    refused = announce(service, begins="2035-03-11T02:30", ends="2035-03-11T04:00")
    assert (refused.exit_code, refused.output) == (1, "Error: clocks skip 2035-03-11 02:30 in America/Toronto\n")


def test_a_part_that_does_not_exist_is_refused(service: Service) -> None:
    assert "'roof' is not one of" in announce(service, "roof").output


def test_a_process_without_status_has_no_planned_work(make_service: Callable[..., Service]) -> None:
    result = run(make_service(), "list")
    assert (result.exit_code, result.output) == (1, "Error: SURFACES of this process does not name status\n")
