"""`/code-status` and `/withdraw-code`: what has become of a code, by its hashID."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.support.service import Service, bearer
from tests.support.settings import OTHER_TOKEN, TOKEN

FIRST, SECOND, THIRD = "a" * 128, "b" * 128, "c" * 128


def statuses(service: Service, *hash_ids: str, token: str = TOKEN) -> dict[str, str]:
    response = service.client.post("/code-status", json={"hash_ids": hash_ids}, headers=bearer(token))
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
    result: dict[str, str] = response.json["statuses"]
    return result


def withdraw(service: Service, hash_id: str, token: str = TOKEN) -> tuple[int, Any]:
    response = service.client.post(f"/withdraw-code/{hash_id}", headers=bearer(token))
    return response.status_code, (response.json["status"] if response.is_json else response.text)


def test_a_code_is_waiting_then_claimed(service: Service) -> None:
    code = service.issue(hash_id=FIRST)
    assert statuses(service, FIRST) == {FIRST: "waiting"}
    assert service.claim(code).status_code == 200
    assert statuses(service, FIRST) == {FIRST: "claimed"}


def test_a_code_expires_at_the_moment_from_which_it_cannot_be_claimed(service: Service) -> None:
    code = service.issue(hash_id=FIRST)
    service.clock.now += timedelta(hours=24) - timedelta(seconds=1)
    assert statuses(service, FIRST) == {FIRST: "waiting"}
    service.clock.now += timedelta(seconds=1)
    assert statuses(service, FIRST) == {FIRST: "expired"}
    assert service.claim(code).status_code == 401


def test_many_codes_are_answered_in_their_order(service: Service) -> None:
    service.issue(hash_id=SECOND)
    service.claim(service.issue(hash_id=THIRD))
    answered = statuses(service, THIRD, FIRST, SECOND)
    assert list(answered.items()) == [(THIRD, "claimed"), (FIRST, "unknown"), (SECOND, "waiting")]


def test_a_withdrawn_code_cannot_be_claimed(service: Service) -> None:
    code = service.issue(hash_id=FIRST)
    assert withdraw(service, FIRST) == (200, "withdrawn")
    assert service.claim(code).status_code == 401
    assert statuses(service, FIRST) == {FIRST: "unknown"}
    assert withdraw(service, FIRST) == (200, "unknown")


def test_a_claimed_code_cannot_be_withdrawn(service: Service) -> None:
    code = service.issue(hash_id=FIRST)
    assert service.claim(code).status_code == 200
    assert withdraw(service, FIRST) == (403, "forbidden\n")
    assert statuses(service, FIRST) == {FIRST: "claimed"}


def test_a_withdrawn_code_is_counted_as_unclaimed_when_it_is_deleted(service: Service) -> None:
    service.issue(hash_id=FIRST)
    withdraw(service, FIRST)
    (row,) = service.rows("SELECT one_time_code, hash_id, app_public_key FROM encryption_keys")
    assert tuple(row) == (None, None, None)  # what the purge of unclaimed codes looks for


def test_the_hash_id_of_a_withdrawn_code_can_be_used_again(service: Service) -> None:
    service.issue(hash_id=FIRST)
    withdraw(service, FIRST)
    assert service.claim(service.issue(hash_id=FIRST)).status_code == 200


def test_a_hash_id_belongs_to_its_originator(service: Service) -> None:
    code = service.issue(hash_id=FIRST)
    assert statuses(service, FIRST, token=OTHER_TOKEN) == {FIRST: "unknown"}
    assert withdraw(service, FIRST, token=OTHER_TOKEN) == (200, "unknown")
    assert service.claim(code).status_code == 200


def test_a_hash_id_is_found_after_the_sealing_key_was_replaced(make_service: Callable[..., Service]) -> None:
    before = make_service(SEALING_KEYS="cc" * 32)
    before.issue(hash_id=FIRST)
    after = make_service(SEALING_KEYS=f"{'ee' * 32},{'cc' * 32}")
    assert statuses(after, FIRST) == {FIRST: "waiting"}
    assert withdraw(after, FIRST) == (200, "withdrawn")
    assert statuses(before, FIRST) == {FIRST: "unknown"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"hash_ids": null}',
        b'{"hash_ids": [1]}',
        b'{"hash_ids": ["' + b"A" * 128 + b'"]}',
        b'{"hash_ids": ["' + b"a" * 127 + b'"]}',
        b'{"hash_ids": [' + b",".join([b'""'] * 101) + b"]}",
        b"[" * 16_000,
        b" " * 16_385,
    ],
)
def test_a_malformed_request_is_refused(service: Service, body: bytes) -> None:
    response = service.client.post("/code-status", data=body, headers=bearer())
    assert (response.status_code, response.text) == (400, "bad request\n")


def test_a_hundred_codes_fit_into_one_request(service: Service) -> None:
    hash_ids = [f"{number:0128d}" for number in range(100)]
    assert len(statuses(service, *hash_ids)) == 100


@pytest.mark.parametrize("path", ["/code-status", f"/withdraw-code/{FIRST}"])
def test_access_is_as_for_new_codes(service: Service, path: str) -> None:
    refused = service.client.post(path)
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, "*")
    assert service.client.get(path, headers=bearer()).status_code == 401
    preflight = service.client.options(path)
    assert (preflight.status_code, preflight.headers["Access-Control-Allow-Methods"]) == (200, "POST")


def test_requests_are_limited(make_service: Callable[..., Service]) -> None:
    service = make_service(RATE_LIMITS="on", RATE_LIMIT_NEW_KEY_CLAIM="2")
    answers = [service.client.post(f"/withdraw-code/{FIRST}", headers=bearer()).status_code for _ in range(3)]
    assert answers == [200, 200, 429]
    service.issue()  # new codes are counted separately
