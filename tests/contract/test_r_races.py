"""Section R: race conditions, with few requests at a time. tests/races has the large ones."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from app.upkeep.retention import purge
from tests.support.answers import claim_refusal, seen
from tests.support.service import Phone, Service, exposure_key
from tests.support.waiting import wait_until

THREADS = 8  # fewer than the connections of a process


def _at_once(action: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(action, values))


@pytest.mark.rule("D3", "T9")
def test_parallel_guesses_do_not_exceed_the_limit(make_service: Callable[..., Service]) -> None:
    service = make_service(MAX_CONSECUTIVE_CLAIM_KEY_FAILURES="10")

    statuses = _at_once(lambda number: service.claim(f"WRONG{number}").status_code, range(32))

    assert Counter(statuses) == {401: 10, 429: 22}
    assert service.rows("SELECT failures FROM failed_key_claim_attempts") == [(10,)]


@pytest.mark.rule("D3")
def test_a_valid_code_among_parallel_guesses_is_refused_after_the_ban(make_service: Callable[..., Service]) -> None:
    service = make_service(MAX_CONSECUTIVE_CLAIM_KEY_FAILURES="3")
    code = service.issue()
    for _ in range(3):
        service.claim("WRONG")

    statuses = _at_once(lambda guess: service.claim(guess).status_code, ["WRONG", code] * 8)

    assert set(statuses) == {429}
    assert service.rows("SELECT one_time_code FROM encryption_keys") == [(service.stored_code(code),)]


@pytest.mark.rule("D20", 34)
def test_parallel_claims_with_one_phone_key_register_it_once(service: Service) -> None:
    phone, codes = Phone(), [service.issue() for _ in range(THREADS)]

    def claim(number: int) -> Any:
        # From different networks, so that they do not wait for each other.
        peer = {"REMOTE_ADDR": f"192.0.2.{number}"}
        return seen(service.claim(codes[number], phone.public_key, environ_overrides=peer))

    answers = _at_once(claim, range(THREADS))

    assert [answer for answer in answers if answer.status != 200] == [claim_refusal(401, "INVALID_KEY", 50)] * 7
    left = service.rows("SELECT one_time_code FROM encryption_keys WHERE app_public_key IS NULL")
    assert len(left) == 7
    assert service.rows("SELECT FROM failed_key_claim_attempts") == []


@pytest.mark.rule("D20", 34)
def test_a_claim_that_waits_for_another_with_its_phone_key_is_refused(service: Service) -> None:
    phone, first, second = Phone(), service.issue(), service.issue()
    claim = "UPDATE encryption_keys SET one_time_code = NULL, app_public_key = :key WHERE one_time_code = :code"

    with ThreadPoolExecutor(1) as pool:
        with service.database.transaction() as connection:
            connection.execute(text(claim), {"key": phone.public_key, "code": service.stored_code(first)})
            answer = pool.submit(service.claim, second, phone.public_key)
            waiting = "SELECT FROM pg_stat_activity WHERE wait_event = 'transactionid'"
            wait_until(lambda: service.rows(waiting), "the second claim waits")
        assert seen(answer.result()) == claim_refusal(401, "INVALID_KEY", 50)


@pytest.mark.rule("D14", 96)
def test_parallel_purges_count_each_row_once(service: Service) -> None:
    for _ in range(20):
        service.issue()
    for _ in range(3):
        service.pair()
    service.clock.advance(days=20)

    results = _at_once(lambda _: purge(service.database, service.settings.submission, service.clock.now, 2), range(4))

    assert sum(result["unclaimed_codes"] for result in results) == 20
    assert sum(result["expired_pairs"] for result in results) == 3
    counted = dict(service.rows("SELECT identifier, sum(count)::integer FROM events GROUP BY 1"))
    assert (counted["OTKUnclaimed"], counted["OTKExpired"], counted["OTKExpiredNoUploads"]) == (20, 3, 3)
    assert service.rows("SELECT FROM encryption_keys") == []


@pytest.mark.rule("D24", 68)
def test_parallel_uploads_of_one_key_pair_stay_within_its_quota(make_service: Callable[..., Service]) -> None:
    service = make_service(INITIAL_REMAINING_KEYS="10")
    phone = service.pair()

    def upload(number: int) -> int:
        keys = [exposure_key(number * 3 + offset) for offset in range(3)]
        return service.upload(phone, keys).status_code

    assert Counter(_at_once(upload, range(THREADS))) == {200: 3, 400: 5}
    assert len(service.rows("SELECT FROM diagnosis_keys")) == 9
    first = service.rows("SELECT first_upload FROM tek_upload_count ORDER BY first_upload")
    assert first == [(False,), (False,), (True,)]


@pytest.mark.rule(67)
def test_parallel_uploads_of_the_same_keys_store_each_once(service: Service) -> None:
    phones = [service.pair() for _ in range(4)]
    keys = [exposure_key(number) for number in range(1, 11)]

    def upload(number: int) -> int:
        return service.upload(phones[number], keys if number % 2 else keys[::-1]).status_code

    assert _at_once(upload, range(4)) == [200] * 4
    assert len(service.rows("SELECT FROM diagnosis_keys")) == 10
    assert service.rows("SELECT sum(count) FROM tek_upload_count") == [(10,)]
    assert service.rows("SELECT sum(remaining_keys) FROM encryption_keys") == [(4 * 43 - 10,)]
