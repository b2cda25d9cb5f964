"""Section O: outbreak events, reported by health authorities and downloaded by phones."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.proto import covidshield_pb2 as wire
from tests.support.answers import (
    CLOSING,
    NOT_FOUND,
    UNAUTHORIZED,
    Answer,
    outbreak_refusal,
    plain_error,
    protobuf,
    seen,
)
from tests.support.archive import archive_in, verify
from tests.support.breakage import without_table
from tests.support.service import Service, bearer, download_code
from tests.support.settings import OTHER_LABEL, OTHER_TOKEN

REPORTED = protobuf(b"\x08\x00")
PERIOD_INVALID = outbreak_refusal(400, "PERIOD_INVALID")
MISSING_TIMESTAMP = outbreak_refusal(400, "MISSING_TIMESTAMP")


def _event(location_id: str = "ABCDEFGH", start: int | None = 1000, end: int | None = 2000, **fields: Any) -> bytes:
    event = wire.OutbreakEvent(location_id=location_id, **fields)
    if start is not None:
        event.start_time.seconds = start
    if end is not None:
        event.end_time.seconds = end
    return event.SerializeToString()


def _report(service: Service, body: bytes, **request: Any) -> Answer:
    return seen(service.client.post("/qr/new-event", data=body, **({"headers": bearer()} | request)))


@pytest.mark.rule(104)
def test_an_event_is_stored_with_the_authority_that_reported_it(service: Service) -> None:
    assert _report(service, _event(severity=2), headers=bearer(OTHER_TOKEN)) == REPORTED
    assert _report(service, _event("12345678", severity=2**32 - 1)) == REPORTED
    assert _report(service, _event("ABCDEFGH")) == REPORTED  # an absent severity is 0

    start, end = datetime.fromtimestamp(1000, UTC), datetime.fromtimestamp(2000, UTC)
    rows = service.rows("SELECT location_id, originator, start_time, end_time, severity FROM qr_outbreak_events")
    assert rows == [
        ("ABCDEFGH", OTHER_LABEL, start, end, 2),
        ("12345678", "ON", start, end, 2**32 - 1),
        ("ABCDEFGH", "ON", start, end, 0),
    ]


@pytest.mark.rule(104, "D23")
def test_another_method_or_token_is_unauthorized(service: Service) -> None:
    wrong_method = Answer(401, UNAUTHORIZED.headers | {"Allow": "POST"}, UNAUTHORIZED.body)

    for method in ("GET", "PUT", "DELETE", "OPTIONS", "BREW"):
        assert seen(service.client.open("/qr/new-event", method=method, headers=bearer())) == wrong_method
    for headers in ({}, bearer("wrong"), {"Authorization": "bearer x"}):
        assert _report(service, _event(), headers=headers) == UNAUTHORIZED


@pytest.mark.rule(104, "T2")
def test_a_body_has_at_most_1024_bytes(service: Service) -> None:
    padding = b"\x7a\x7f" + b"p" * 127  # an unknown field
    longest = _event() + padding * 7
    longest += b"\x7a" + bytes((1024 - len(longest) - 2,)) + b"p" * (1024 - len(longest) - 2)

    assert len(longest) == 1024
    assert _report(service, longest) == REPORTED
    too_long = outbreak_refusal(400, "UNKNOWN", CLOSING)
    assert _report(service, longest + b"\0") == too_long
    assert _report(service, b"\0" * 100_000) == too_long
    assert _report(service, b"\xff") == outbreak_refusal(400, "UNKNOWN")


@pytest.mark.rule(104)
def test_a_location_is_eight_bytes(service: Service) -> None:
    for location_id in ("", "ABCDEFG", "ABCDEFGHI", "éABCDEFG", "ABCDEFG\0"):
        assert _report(service, _event(location_id)) == outbreak_refusal(400, "INVALID_ID"), location_id
    assert _report(service, _event("éABCDEF")) == REPORTED
    # the location is checked first
    assert _report(service, b"") == outbreak_refusal(400, "INVALID_ID")


@pytest.mark.rule(104, "D21")
def test_an_event_needs_a_start_and_an_end(service: Service) -> None:
    for start, end in ((None, None), (None, 2000), (1000, None), (0, 2000), (1000, 0), (-5, 2000), (0, 0)):
        assert _report(service, _event(start=start, end=end)) == MISSING_TIMESTAMP, (start, end)


@pytest.mark.rule(104, "T8")
def test_an_event_must_end_after_it_starts(service: Service) -> None:
    for start, end in ((1000, 1000), (1000, 999), (2**63 - 1, 1), (1, 2**63 - 1), (2**63 - 2, 2**63 - 1)):
        assert _report(service, _event(start=start, end=end)) == PERIOD_INVALID, (start, end)
    assert _report(service, _event(start=1, end=2)) == REPORTED


@pytest.mark.rule(104, "D7")
def test_a_database_failure_is_a_server_error(service: Service, cut_off_service: Service) -> None:
    with without_table(service, "qr_outbreak_events"):
        assert _report(service, _event()) == outbreak_refusal(500, "SERVER_ERROR")
        assert seen(service.fetch(service.today, "qr")) == plain_error(500, "database error")
    assert _report(cut_off_service, _event()) == outbreak_refusal(500, "SERVER_ERROR")


@pytest.mark.rule(105)
def test_events_are_exported_by_location_without_a_header(service: Service) -> None:
    for location_id, severity in (("zzzzzzzz", 3), ("AAAAAAAA", 1), ("aaaaaaaa", 2)):
        assert _report(service, _event(location_id, severity=severity)) == REPORTED
    response = service.fetch(service.today, "qr")
    archive = archive_in(response)

    assert seen(response).headers == {
        "Content-Type": "application/zip",
        "Cache-Control": "public, max-age=3600, stale-while-revalidate=600",
    }
    export = archive.outbreaks
    assert (export.start_timestamp, export.end_timestamp) == (service.today * 86400, (service.today + 1) * 86400)
    assert [(place.location_id, place.severity) for place in export.locations] == [
        ("AAAAAAAA", 1),
        ("aaaaaaaa", 2),
        ("zzzzzzzz", 3),
    ]
    assert (export.locations[0].start_time.seconds, export.locations[0].end_time.seconds) == (1000, 2000)
    signature = wire.OutbreakEventExportSignature.FromString(archive.export_sig).signature
    verify(signature, archive.export_bin)


@pytest.mark.rule(105)
def test_events_are_exported_for_the_day_of_their_report(service: Service) -> None:
    day = service.today
    midnight = datetime.fromtimestamp((day + 1) * 86400, UTC)
    for location_id, moment in (
        ("before--", datetime.fromtimestamp(day * 86400, UTC) - timedelta(microseconds=1)),
        ("first---", datetime.fromtimestamp(day * 86400, UTC)),
        ("last----", midnight - timedelta(microseconds=1)),
        ("after---", midnight),
    ):
        service.clock.now = moment
        assert _report(service, _event(location_id)) == REPORTED

    def places(period: int) -> list[str]:
        return [place.location_id for place in archive_in(service.fetch(period, "qr")).outbreaks.locations]

    assert places(day) == ["first---", "last----"]
    assert places(0) == ["before--", "first---", "last----"]
    assert places(day + 1) == ["after---"]


@pytest.mark.rule(105, 71, 72, 73, 74)
def test_rules_of_retrieval_apply_to_events(service: Service) -> None:
    client, day = service.client, service.today
    code = download_code(day, service.clock.now)

    assert seen(client.get(f"/qr/302/{day}")) == NOT_FOUND
    assert seen(client.get(f"/qr/302/{day}/")) == UNAUTHORIZED
    assert seen(client.get(f"/qr/302/{day}/{'0' * 64}")) == UNAUTHORIZED
    assert seen(client.get(f"/qr/302/{day - 1}/{code}")) == UNAUTHORIZED
    canonical = f"/qr/302/{day}/{code}"
    assert client.get(canonical).status_code == 200
    moved = Answer(301, {"Location": canonical, "Cache-Control": "no-store"}, b"")
    assert seen(client.get(f"/qr/999/{day}/{code.upper()}")) == moved
    method_not_allowed = plain_error(405, "method not allowed", {"Allow": "GET"})
    assert seen(client.post(f"/qr/302/{day}/{code}")) == method_not_allowed


@pytest.mark.rule(105, 76, 77, 78)
def test_days_of_retrieval_apply_to_events(make_service: Callable[..., Service]) -> None:
    service = make_service(DISABLE_CURRENT_DATE_CHECK="false", ENABLE_ENTIRE_PERIOD_BUNDLE="false")

    assert service.fetch(service.today, "qr").status_code == 404
    assert service.fetch(service.today + 1, "qr").status_code == 404
    assert service.fetch(service.today - 14, "qr").status_code == 200
    assert service.fetch(service.today - 15, "qr").status_code == 410
    assert service.fetch(0, "qr").status_code == 410


@pytest.mark.rule(104, 105)
def test_outbreak_routes_are_not_found_when_disabled(make_service: Callable[..., Service]) -> None:
    service = make_service(ENABLE_OUTBREAK_EVENTS="false")

    assert _report(service, _event()) == NOT_FOUND
    assert seen(service.fetch(service.today, "qr")) == NOT_FOUND
