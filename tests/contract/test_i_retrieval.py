"""Section I: `/retrieve`, where phones fetch a day's keys, or the bundle of all past days."""

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest

from tests.support.answers import NOT_FOUND, UNAUTHORIZED, Answer, plain_error, seen
from tests.support.archive import archive_in
from tests.support.breakage import without_table
from tests.support.service import Service, download_code, exposure_key
from tests.support.settings import HMAC_KEY
from tests.support.stored import store_key

CURRENT = plain_error(404, "cannot serve data for current period for privacy reasons")
FUTURE = plain_error(404, "cannot request future data")
PAST = plain_error(410, "requested data no longer valid")
METHOD_NOT_ALLOWED = plain_error(405, "method not allowed", {"Allow": "GET"})
DATABASE_ERROR = plain_error(500, "database error")


def _moved(service: Service) -> Answer:
    path = f"/retrieve/302/{service.today}/{download_code(service.today, service.clock.now)}"
    return Answer(301, {"Location": path, "Cache-Control": "no-store"}, b"")


def _numbers(service: Service, day: int) -> list[int]:
    return archive_in(service.fetch(day)).numbers


@pytest.mark.rule(71)
def test_the_path_needs_the_slash_before_the_code_but_not_the_code(service: Service) -> None:
    client = service.client

    assert seen(client.get("/retrieve/302/18444")) == NOT_FOUND
    assert seen(client.get("/retrieve/302/18444/")) == UNAUTHORIZED
    for code in ("x", "a/b/c", "0" * 64, "0" * 64 + "/", "a%2Fb", "\u0663", "%ff"):
        assert seen(client.get(f"/retrieve/302/18444/{code}")) == UNAUTHORIZED, code


@pytest.mark.rule(71, "T5")
def test_a_region_is_three_ascii_digits_and_a_day_five(service: Service) -> None:
    for place in ("30/18444", "3022/18444", "30a/18444", "302/1844", "302/184444", "302/1844x", "302/-1844"):
        assert seen(service.client.get(f"/retrieve/{place}/x")) == NOT_FOUND, place
    for place in ("302/1844\u0664", "30\u0662/18444", "302/18444%0A"):
        assert seen(service.client.get(f"/retrieve/{place}/x")) == NOT_FOUND, place


@pytest.mark.rule(72)
def test_another_region_in_the_path_leads_to_the_archive_of_our_own(service: Service) -> None:
    store_key(service, 1)
    store_key(service, 2, region="999")

    assert seen(service.fetch(service.today, region="999")) == _moved(service)
    export = archive_in(service.fetch(service.today, region="999", follow_redirects=True)).export
    assert [key.key_data for key in export.keys] == [(1).to_bytes(16, "big")]
    assert export.region == "CA"
    for_999 = download_code(service.today, service.clock.now, region="999")
    assert seen(service.client.get(f"/retrieve/999/{service.today}/{for_999}")) == UNAUTHORIZED


@pytest.mark.rule(73)
def test_a_known_code_opens_a_known_hour(service: Service) -> None:
    # Computed by the app's own code: the key is 32 bytes aa, the text 302:00000:442990.
    code = "c1e63cf0b55f8b2eea9fb12641b9073511f888f130b239305d6d1cc0153b3d93"
    service.clock.now = datetime.fromtimestamp(442990 * 3600 + 1234, UTC)

    assert service.client.get(f"/retrieve/302/00000/{code}").status_code == 200
    capitals = service.client.get(f"/retrieve/302/00000/{code.upper()}", follow_redirects=True)
    assert (capitals.status_code, capitals.request.path) == (200, f"/retrieve/302/00000/{code}")
    for wrong in (code[:-1], code + "0", code[:-1] + "4", code[:-1] + "g", f" {code}", f"{code}%20", f"0x{code[2:]}"):
        assert seen(service.client.get(f"/retrieve/302/00000/{wrong}")) == UNAUTHORIZED


@pytest.mark.rule(72, 73)
def test_an_archive_has_one_address(service: Service) -> None:
    day, code = service.today, download_code(service.today, service.clock.now)
    spellings = (
        f"/retrieve/999/{day}/{code}",
        f"/retrieve/302/{day}/{code.upper()}",
        f"/retrieve/302/{day}/{code[:-1]}{code[-1].upper()}" if code[-1].isalpha() else f"/retrieve/000/{day}/{code}",
        f"/retrieve/302/{day}/%{ord(code[0]):02x}{code[1:]}",
        f"/retrieve/%3302/{day}/{code}",
        f"/%72etrieve/302/{day}/{code}",
        f"/retrieve/302/{day}/{code}?",
        f"/retrieve/302/{day}/{code}?1",
    )

    for spelling in spellings:
        # As a web server passes it on: the path without its escapes, and the request's target as it was written.
        path = unquote(spelling.partition("?")[0])
        environ = {"RAW_URI": spelling, "REQUEST_URI": spelling}
        query = spelling.partition("?")[2]
        response = service.client.get(path, query_string=query, environ_overrides=environ)
        assert seen(response) == _moved(service), spelling
    assert service.fetch(day).status_code == 200


@pytest.mark.rule(73)
def test_a_code_is_good_for_its_own_day_and_key_only(service: Service) -> None:
    day, now = service.today, service.clock.now

    for code in (download_code(day - 1, now), download_code(day, now, region="303"), "0" * 64, HMAC_KEY):
        assert seen(service.client.get(f"/retrieve/302/{day}/{code}")) == UNAUTHORIZED
    for key in ("bb" * 32, "aa" * 31, "aa" * 33):
        assert seen(service.client.get(f"/retrieve/302/{day}/{download_code(day, now, key=key)}")) == UNAUTHORIZED


@pytest.mark.rule(74, "D23", "T1")
def test_the_code_is_looked_at_before_the_method(service: Service) -> None:
    path = f"/retrieve/302/{service.today}/"
    code = download_code(service.today, service.clock.now)

    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"):
        assert seen(service.client.open(path + code, method=method)) == METHOD_NOT_ALLOWED
        assert seen(service.client.open(path + "x", method=method)) == UNAUTHORIZED
    head = Answer(405, METHOD_NOT_ALLOWED.headers, b"")
    assert seen(service.client.head(path + code)) == head


@pytest.mark.rule(75)
def test_without_its_flag_the_bundle_is_a_day_long_past(make_service: Callable[..., Service]) -> None:
    assert seen(make_service(ENABLE_ENTIRE_PERIOD_BUNDLE="false").fetch(0)) == PAST


@pytest.mark.rule(76)
def test_today_is_served_when_the_current_date_check_is_disabled(make_service: Callable[..., Service]) -> None:
    relaxed = make_service(DISABLE_CURRENT_DATE_CHECK="true")
    strict = make_service(DISABLE_CURRENT_DATE_CHECK="false")

    assert relaxed.fetch(relaxed.today).status_code == 200
    assert seen(strict.fetch(strict.today)) == CURRENT
    assert strict.fetch(strict.today - 1).status_code == 200


@pytest.mark.rule(77)
@pytest.mark.parametrize("flag", ["true", "false"])
def test_the_future_is_not_served(make_service: Callable[..., Service], flag: str) -> None:
    service = make_service(DISABLE_CURRENT_DATE_CHECK=flag)

    assert seen(service.fetch(service.today + 1)) == FUTURE
    assert seen(service.fetch(99999)) == FUTURE


@pytest.mark.rule(79, "D7")
def test_a_database_that_fails_is_a_database_error(service: Service, cut_off_service: Service) -> None:
    with without_table(service, "diagnosis_keys"):
        for period in (service.today, service.today - 14, 0):
            assert seen(service.fetch(period)) == DATABASE_ERROR
    assert seen(cut_off_service.fetch(cut_off_service.today)) == DATABASE_ERROR


@pytest.mark.rule(80)
def test_a_day_holds_the_keys_submitted_from_its_first_hour_to_its_last(service: Service) -> None:
    day = service.today - 3
    for number, hour in enumerate((day * 24 - 1, day * 24, day * 24 + 23, day * 24 + 24), start=1):
        store_key(service, number, hour_of_submission=hour)
    store_key(service, 9, hour_of_submission=day * 24, region="303")

    assert _numbers(service, day) == [2, 3]


@pytest.mark.rule(81)
def test_keys_are_in_the_order_of_their_bytes(service: Service) -> None:
    for number in (0x80 << 120, 3, 0x7F << 120, 1, 0xFF << 120, 2):
        store_key(service, number)

    assert _numbers(service, service.today) == [1, 2, 3, 0x7F << 120, 0x80 << 120, 0xFF << 120]


@pytest.mark.rule(82, "D23", "T10")
def test_the_header_of_an_archive(service: Service) -> None:
    for period in (service.today, service.today - 14, 0):
        answer = seen(service.fetch(period))

        assert (answer.status, answer.headers) == (
            200,
            {
                "Content-Type": "application/zip",
                "Cache-Control": "public, max-age=3600, stale-while-revalidate=600",
            },
        )


@pytest.mark.rule(82)
def test_a_day_without_keys_is_a_full_signed_archive(service: Service) -> None:
    archive = archive_in(service.fetch(service.today - 5))

    assert len(archive.export.signature_infos) == 1
    assert archive.signature.signature
    assert list(archive.export.keys) == []


@pytest.mark.rule(80, 81)
def test_what_was_uploaded_today_is_in_todays_archive(service: Service) -> None:
    keys = [exposure_key(number) for number in (5, 3, 4)]
    assert service.upload(service.pair(), keys).status_code == 200

    assert _numbers(service, service.today) == [3, 4, 5]
    assert _numbers(service, service.today - 1) == []
