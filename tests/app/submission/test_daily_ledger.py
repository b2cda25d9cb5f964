"""The daily limit of wrong codes, which valid codes do not reset (app/store/claims.py)."""

import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app.upkeep.failed_claims import report_failed_claims
from app.upkeep.retention import purge
from app.web.logs import LogfmtFormatter
from tests.support.answers import banned, seen, wrong_code
from tests.support.breakage import refusing, without_table
from tests.support.service import Service


@pytest.fixture
def strict(make_service: Callable[..., Service]) -> Service:
    """A service that allows three wrong codes a day. It is 12:15."""
    return make_service(MAX_DAILY_CLAIM_KEY_FAILURES="3")


def guess(service: Service, times: int = 1) -> list[int]:
    """Try wrong codes; return the status codes."""
    return [service.claim("WRONG").status_code for _ in range(times)]


def test_a_valid_code_does_not_extend_the_daily_limit(strict: Service) -> None:
    for _ in range(2):
        assert guess(strict) == [401]
        strict.pair()
    until_forgotten = timedelta(hours=24, minutes=44, seconds=29, milliseconds=750)

    assert seen(strict.claim("WRONG")) == wrong_code(0, until_forgotten)
    assert seen(strict.claim(strict.issue())) == banned(until_forgotten)
    assert strict.rows("SELECT failures FROM failed_key_claim_hours") == [(3,)]


def test_tries_remaining_counts_down_to_the_daily_limit(strict: Service) -> None:
    assert [seen(strict.claim("WRONG")) for _ in range(2)] == [wrong_code(2), wrong_code(1)]


def test_a_malformed_request_from_a_banned_network_reports_the_ban(strict: Service) -> None:
    guess(strict, 3)
    assert strict.client.post("/claim-key", data=b"\xff").status_code == 429


def test_ordinary_phones_see_the_numbers_of_the_protocol(service: Service) -> None:
    for _ in range(8):
        assert [seen(service.claim("WRONG")) for _ in range(2)] == [wrong_code(49), wrong_code(48)]
        service.pair()


def test_tries_expire_hour_by_hour(strict: Service) -> None:
    guess(strict)
    strict.clock.advance(hours=5)  # 17:15
    guess(strict, 2)
    strict.clock.advance(hours=19)  # 12:15 again: the first failure may be just 24 hours old
    assert guess(strict) == [429]
    strict.clock.advance(minutes=44, seconds=29)
    assert guess(strict) == [429]
    strict.clock.advance(seconds=1)  # 13:00
    assert guess(strict) == [401]
    assert guess(strict) == [429]
    strict.clock.advance(hours=5)  # 18:00
    assert guess(strict, 3) == [401, 401, 429]


def test_a_ban_lasts_until_the_first_of_its_failures_is_forgotten(strict: Service) -> None:
    guess(strict)
    strict.clock.advance(hours=5)  # 17:15
    guess(strict)
    until_forgotten = timedelta(hours=19, minutes=44, seconds=29, milliseconds=750)  # 13:00
    assert seen(strict.claim("WRONG")) == wrong_code(0, until_forgotten)
    assert seen(strict.claim("WRONG")) == banned(until_forgotten)


def test_a_daily_limit_of_one_bans_at_the_first_wrong_code(make_service: Callable[..., Service]) -> None:
    service = make_service(MAX_DAILY_CLAIM_KEY_FAILURES="1")
    until_forgotten = timedelta(hours=24, minutes=44, seconds=29, milliseconds=750)
    assert seen(service.claim("WRONG")) == wrong_code(0, until_forgotten)
    assert seen(service.claim("WRONG")) == banned(until_forgotten)


def test_no_period_of_24_hours_exceeds_the_daily_limit(strict: Service) -> None:
    answered = []
    for minute in range(0, 60 * 72, 40):
        answered += [minute] * guess(strict).count(401)
        strict.clock.advance(minutes=40)
    assert len(answered) >= 6
    assert all(later - earlier >= 24 * 60 for earlier, later in zip(answered, answered[3:], strict=False))


def test_midnight_changes_the_identifier_but_keeps_the_count(strict: Service) -> None:
    strict.clock.advance(hours=11, minutes=44)  # 23:59:30
    guess(strict, 2)
    strict.clock.advance(minutes=1)
    assert guess(strict, 2) == [401, 429]
    assert len(set(strict.rows("SELECT identifier FROM failed_key_claim_hours"))) == 2


def test_parallel_guesses_between_valid_codes_stay_within_the_daily_limit(make_service: Callable[..., Service]) -> None:
    service = make_service(MAX_DAILY_CLAIM_KEY_FAILURES="6", MAX_CONSECUTIVE_CLAIM_KEY_FAILURES="4")
    codes = [service.issue() for _ in range(8)]
    attempts = [code for valid in codes for code in ("WRONG", valid, "WRONG")]

    with ThreadPoolExecutor(8) as pool:
        statuses = Counter(pool.map(lambda code: service.claim(code).status_code, attempts))

    assert statuses[401] <= 6
    assert service.rows("SELECT sum(failures) FROM failed_key_claim_hours") == [(statuses[401],)]


@pytest.mark.parametrize("table", ["failed_key_claim_hours", "failed_key_claim_minutes"])
def test_a_guess_that_cannot_be_recorded_is_a_server_error(service: Service, table: str) -> None:
    code = service.issue()
    with refusing(service, table, "INSERT"):
        assert guess(service) == [500]
    with without_table(service, table):
        assert service.claim(code).status_code == 500
    assert service.rows("SELECT FROM failed_key_claim_attempts") == []
    assert service.claim(code).status_code == 200


@pytest.mark.usefixtures("own_pool")
def test_counts_are_kept_in_one_row_and_purged_when_they_have_expired(strict: Service) -> None:
    guess(strict, 3)
    assert strict.rows("SELECT failures FROM failed_key_claim_minutes") == [(3,)]
    strict.clock.advance(hours=24)
    assert (_purged(strict), guess(strict)) == ({"claim_hours": 0, "claim_minutes": 0}, [429])
    strict.clock.advance(hours=1)
    assert _purged(strict) == {"claim_hours": 1, "claim_minutes": 1}
    assert strict.rows("SELECT FROM failed_key_claim_hours, failed_key_claim_minutes") == []


def _purged(service: Service) -> dict[str, int | None]:
    deleted = purge(service.database, service.settings.submission, service.clock.now)
    return {step: deleted[step] for step in ("claim_hours", "claim_minutes")}


def test_total_guesses_are_reported_without_identifiers(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(3):
        service.claim("WRONG", environ_overrides={"REMOTE_ADDR": f"192.0.2.{number}"})
    service.pair()
    service.clock.advance(minutes=1)
    service.claim("WRONG")
    caplog.set_level(logging.INFO)

    report_failed_claims(service.database, service.clock.now)

    line = LogfmtFormatter().format(caplog.records[-1])
    assert line.endswith(
        'msg="failed claims" logger=app.upkeep.failed_claims failed_claims_last_minute=3 '
        "failed_claims_last_hour=4 failed_claims_last_day=4"
    )
    service.clock.advance(hours=23, minutes=59)
    assert report_failed_claims(service.database, service.clock.now) == {
        "failed_claims_last_minute": 0,
        "failed_claims_last_hour": 0,
        "failed_claims_last_day": 1,
    }
