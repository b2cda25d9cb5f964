"""Section F: the ban ledger, which counts wrong codes."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.support.answers import banned, seen, wrong_code
from tests.support.service import Service
from tests.support.stored import store_failures

HOUR = timedelta(hours=1)


@pytest.mark.rule(43)
def test_only_wrong_codes_are_counted(service: Service) -> None:
    registered = service.pair().public_key
    service.claim("WRONG", b"short")
    service.claim("WRONG", registered)
    service.client.post("/claim-key", data=b"\xff")
    assert service.rows("SELECT FROM failed_key_claim_attempts") == []

    for failures in (1, 2, 3):
        service.clock.advance(seconds=1)
        service.claim("WRONG")
        rows = service.rows("SELECT failures, last_failure FROM failed_key_claim_attempts")
        assert rows == [(failures, service.clock.now)]


@pytest.mark.rule(44)
def test_the_fiftieth_wrong_code_bans(service: Service) -> None:
    code = service.issue()
    for tries in range(49, 0, -1):
        assert seen(service.claim("WRONG")) == wrong_code(tries)

    assert seen(service.claim("WRONG")) == wrong_code(0, HOUR)
    service.clock.advance(seconds=1)
    assert seen(service.claim(code)) == banned(HOUR - timedelta(seconds=1))


@pytest.mark.rule(44)
def test_tries_remaining_is_never_below_zero(service: Service) -> None:
    store_failures(service, 60)

    assert seen(service.claim("WRONG")) == banned(HOUR)


@pytest.mark.rule(44)
def test_the_number_of_tries_and_the_ban_duration_are_settings(make_service: Callable[..., Service]) -> None:
    service = make_service(MAX_CONSECUTIVE_CLAIM_KEY_FAILURES="2", CLAIM_KEY_BAN_HOURS="3")

    assert seen(service.claim("WRONG")) == wrong_code(1)
    assert seen(service.claim("WRONG")) == wrong_code(0, 3 * HOUR)
    assert seen(service.claim("WRONG")) == banned(3 * HOUR)
    assert service.claim(service.issue()).status_code == 429


@pytest.mark.rule(45)
def test_a_ban_of_zero_is_encoded_as_an_empty_duration(service: Service) -> None:
    store_failures(service, 50)
    service.clock.advance(hours=1)

    assert service.claim("WRONG").data == bytes.fromhex("0805 1800 2200")


@pytest.mark.rule(45)
def test_requests_during_a_ban_do_not_extend_it(service: Service) -> None:
    store_failures(service, 50)
    for _ in range(5):
        service.clock.advance(minutes=10)
        assert service.claim("WRONG").status_code == 429

    service.clock.advance(minutes=10, microseconds=1)
    assert service.claim(service.issue()).status_code == 200


@pytest.mark.rule(44, 45)
def test_a_valid_code_neither_ends_a_ban_nor_is_lost_in_it(service: Service) -> None:
    code = service.issue()
    store_failures(service, 50)
    for _ in range(2):
        assert seen(service.claim(code)) == banned(HOUR)
    assert service.rows("SELECT failures FROM failed_key_claim_attempts") == [(50,)]

    elsewhere = service.claim(code, environ_overrides={"REMOTE_ADDR": "198.51.100.7"})
    assert elsewhere.status_code == 200


@pytest.mark.rule(46)
def test_a_partial_count_expires_an_hour_after_its_last_failure(service: Service) -> None:
    store_failures(service, 30)
    service.clock.advance(hours=1)
    assert seen(service.claim("WRONG")) == wrong_code(19)

    service.clock.advance(hours=1, microseconds=1)
    assert seen(service.claim("WRONG")) == wrong_code(49)


@pytest.mark.rule("D4")
def test_all_tries_are_available_after_a_ban(service: Service) -> None:
    store_failures(service, 50)
    service.clock.advance(hours=1, seconds=1)  # without a purge

    assert seen(service.claim("WRONG")) == wrong_code(49)
    assert seen(service.claim("WRONG")) == wrong_code(48)


@pytest.mark.rule(45, 46)
def test_midnight_does_not_reset_tries(service: Service) -> None:
    service.clock.advance(hours=11, minutes=44)  # 23:59:30
    store_failures(service, 48)
    service.clock.advance(minutes=1)

    assert seen(service.claim("WRONG")) == wrong_code(1)
    assert seen(service.claim("WRONG")) == wrong_code(0, HOUR)
    assert seen(service.claim("WRONG")) == banned(HOUR)
    assert service.rows("SELECT failures FROM failed_key_claim_attempts") == [(50,)]


@pytest.mark.rule(46)
def test_a_banned_client_that_tries_after_midnight_stays_banned(service: Service) -> None:
    service.clock.advance(hours=11, minutes=44)  # 23:59:30
    store_failures(service, 50)
    service.clock.advance(minutes=1)

    assert [seen(service.claim("WRONG")) for _ in range(2)] == [banned(HOUR - timedelta(minutes=1))] * 2


@pytest.mark.rule(46)
def test_a_success_after_midnight_clears_earlier_failures(service: Service) -> None:
    service.clock.advance(hours=11, minutes=44)
    store_failures(service, 48)
    service.clock.advance(minutes=1)

    assert service.claim(service.issue()).status_code == 200
    assert service.rows("SELECT FROM failed_key_claim_attempts") == []
