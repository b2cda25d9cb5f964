"""Section K: `/events`, the daily statistics for the operator."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from tests.support.answers import NOT_FOUND, UNAUTHORIZED, Answer, json_text, plain_error, seen
from tests.support.breakage import without_table
from tests.support.service import Service, exposure_key
from tests.support.settings import METRICS, OTHER_TOKEN

PATHS = ("/events/", "/events/uploads/", "/events/otkdurations/")


def _read(service: Service, path: str, auth: Any = METRICS, method: str = "GET") -> Answer:
    return seen(service.client.open(path, method=method, auth=auth))


def _basic(credentials: bytes) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(credentials).decode()}"}


@pytest.mark.rule(89, "T5")
def test_a_date_has_four_two_and_two_ascii_digits(service: Service) -> None:
    for path in PATHS:
        assert _read(service, f"{path}2026-03-18").status == 200
        for date in ("2026-3-18", "26-03-18", "20260318", "2026-03-18x", "2026-03-1\u0668", "2026-03-18%0A", ""):
            assert _read(service, f"{path}{date}") == NOT_FOUND, date
    assert _read(service, "/events/other/2026-03-18") == NOT_FOUND


@pytest.mark.rule(90)
def test_requests_without_valid_credentials_are_unauthorized(service: Service) -> None:
    name, password = METRICS
    for path in PATHS:
        for auth in (None, (name, "wrong"), ("wrong", password), (name, ""), ("", password), (password, name)):
            assert _read(service, f"{path}2026-03-18", auth) == UNAUTHORIZED
        for headers in (
            {"Authorization": f"Bearer {password}"},
            {"Authorization": "Basic not base64"},
            _basic(name.encode()),
            _basic(b"\xff:\xff"),
        ):
            assert seen(service.client.get(f"{path}2026-03-18", headers=headers)) == UNAUTHORIZED


@pytest.mark.rule(90, "D23")
def test_methods_other_than_get_are_unauthorized_after_authentication(service: Service) -> None:
    with_allow = Answer(401, UNAUTHORIZED.headers | {"Allow": "GET"}, UNAUTHORIZED.body)
    for path in PATHS:
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "BREW"):
            assert _read(service, f"{path}2026-03-18", METRICS, method) == with_allow
            assert _read(service, f"{path}2026-03-18", None, method) == UNAUTHORIZED
        head = _read(service, f"{path}2026-03-18", METRICS, "HEAD")
        assert head == Answer(401, with_allow.headers, b"")


@pytest.mark.rule(91)
def test_an_impossible_date_is_a_client_error(service: Service) -> None:
    for path in PATHS:
        for date in ("2001-32-01", "2001-02-29", "0000-01-01", "2001-00-10"):
            assert _read(service, path + date) == plain_error(400, "error parsing date")
        assert _read(service, f"{path}2001-32-01", None) == UNAUTHORIZED


@pytest.mark.rule(91, "D7")
def test_a_database_failure_is_a_server_error(service: Service) -> None:
    for path, table, text in (
        ("/events/", "events", "error retrieving events"),
        ("/events/uploads/", "tek_upload_count", "error retrieving upload events"),
        ("/events/otkdurations/", "otk_life_duration", "error retrieving duration events"),
    ):
        with without_table(service, table):
            assert _read(service, f"{path}2026-03-18") == plain_error(500, text)


@pytest.mark.rule(92)
def test_a_day_without_events_is_an_empty_array(service: Service) -> None:
    for path in PATHS:
        assert _read(service, f"{path}2026-03-18") == json_text("[]")


@pytest.mark.rule(92)
def test_event_keys_are_in_the_order_of_the_public_server(service: Service) -> None:
    first, second = service.pair(), service.pair(OTHER_TOKEN)
    service.upload(first, [exposure_key(1), exposure_key(2)])
    service.upload(first, [exposure_key(3)])
    service.upload(second, [exposure_key(4)])

    assert _read(service, "/events/2026-03-18") == json_text(
        '[{"source":"AB","date":"2026-03-18","count":1,"identifier":"OTKClaimed"},'
        '{"source":"AB","date":"2026-03-18","count":1,"identifier":"OTKGenerated"},'
        '{"source":"ON","date":"2026-03-18","count":1,"identifier":"OTKClaimed"},'
        '{"source":"ON","date":"2026-03-18","count":1,"identifier":"OTKGenerated"}]'
    )
    assert _read(service, "/events/uploads/2026-03-18") == json_text(
        '[{"source":"AB","date":"2026-03-18","count":1,"first_upload":true},'
        '{"source":"ON","date":"2026-03-18","count":2,"first_upload":true},'
        '{"source":"ON","date":"2026-03-18","count":1,"first_upload":false}]'
    )
    assert _read(service, "/events/otkdurations/2026-03-18") == json_text(
        '[{"source":"AB","date":"2026-03-18","hours":0,"count":1},'
        '{"source":"ON","date":"2026-03-18","hours":0,"count":1}]'
    )


@pytest.mark.rule(92)
def test_events_list_server_counters_and_not_those_of_phones(service: Service) -> None:
    service.issue()
    service.execute(
        "INSERT INTO events (source, identifier, device_type, date, count) "
        "VALUES ('ON', 'OTKClaimed', 'iOS', :date, 5), ('ON', 'OTKClaimed', 'Android', :date, 6)",
        date=service.clock.now.date(),
    )

    assert b"OTKClaimed" not in _read(service, "/events/2026-03-18").body


@pytest.mark.rule(92)
def test_events_are_those_of_the_requested_day(service: Service) -> None:
    service.pair()
    service.clock.now += timedelta(days=1)
    service.pair()

    for path in ("/events/", "/events/otkdurations/"):
        assert b"2026-03-18" not in _read(service, f"{path}2026-03-19").body
        assert b"2026-03-19" in _read(service, f"{path}2026-03-19").body
    assert _read(service, "/events/2026-03-17") == json_text("[]")
