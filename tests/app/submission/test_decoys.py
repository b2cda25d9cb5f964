"""Decoy requests and padding: what an observer of a phone's traffic could tell (app/submission/decoys.py)."""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from app.database.migrations import migrate_database
from app.domain.limits import MAX_CLAIM_BODY_BYTES
from app.proto import covidshield_pb2 as wire
from app.store.tables import metadata
from app.submission.views.decoys import RESPONSE_BYTES, size_of
from processes.postgres import EmbeddedPostgres
from tests.support.answers import banned, seen
from tests.support.service import Phone, Service, exposure_key, start_service
from tests.support.settings import make_settings
from tests.support.torture import only_in_torture

DECOY, MEANT = {"X-Decoy": "1"}, {"X-Decoy": "0"}
PADDING_FIELD = 15  # of no message: parsers pass over it


def everything_stored(service: Service) -> dict[str, list[Any]]:
    return {table.name: service.rows(f"SELECT * FROM {table.name}") for table in metadata.sorted_tables}  # noqa: S608


def padded(message: bytes, size: int) -> bytes:
    """Return a message of exactly so many bytes, by a field that no schema has."""
    for length in range(size - len(message), -1, -1):
        head = bytes((PADDING_FIELD << 3 | 2,)) + (
            bytes((length,)) if length < 128 else bytes((length & 127 | 128, length >> 7))
        )
        if len(message) + len(head) + length == size:
            return message + head + bytes(length)
    raise AssertionError("it cannot be padded to that")


def test_a_decoy_claim_is_answered_as_a_good_one_and_leaves_nothing(service: Service) -> None:
    service.claim("WRONG")
    before = everything_stored(service)

    answers = [service.client.post("/claim-key", data=body, headers=DECOY) for body in (b"", b"\xff" * 46)]

    assert everything_stored(service) == before
    keys = set()
    for answer in answers:
        message = wire.KeyClaimResponse.FromString(answer.data)
        assert (answer.status_code, len(answer.data), message.tries_remaining) == (200, 36, 50)
        keys.add(message.server_public_key)
    assert len(keys) == 2


def test_a_decoy_upload_is_answered_as_a_good_one_and_leaves_nothing(service: Service) -> None:
    service.pair()
    before = everything_stored(service)

    for body in (b"", b"\xff" * 900):
        answer = service.client.post("/upload", data=body, headers=DECOY)
        assert (answer.status_code, answer.data) == (200, b"\x08\x00")

    assert everything_stored(service) == before


def test_a_decoy_never_claims_the_code_that_it_holds(service: Service) -> None:
    code = service.issue()

    assert service.claim(code, headers=DECOY).status_code == 200
    assert service.claim(code, headers=MEANT).status_code == 200


def test_a_decoy_of_a_banned_network_is_told_so(make_service: Callable[..., Service]) -> None:
    service = make_service(MAX_CONSECUTIVE_CLAIM_KEY_FAILURES="1")
    service.claim("WRONG")
    answer, real = service.claim("", headers=DECOY), service.claim("", headers=MEANT)

    assert seen(answer) == seen(real)
    assert answer.data == banned(service.settings.submission.ban_policy.duration).body


def test_decoys_use_up_the_network_s_requests(make_service: Callable[..., Service]) -> None:
    service = make_service(RATE_LIMITS="on", RATE_LIMIT_CLAIM_KEY="2", RATE_LIMIT_UPLOAD="2")
    for path in ("/claim-key", "/upload"):
        statuses = [service.client.post(path, headers=headers).status_code for headers in (DECOY, DECOY, DECOY, MEANT)]
        assert statuses == [200, 200, 429, 429]


def statuses(service: Service, *requests: tuple[str, dict[str, str]]) -> list[int]:
    return [service.client.post(path, headers=headers).status_code for path, headers in requests]


def test_decoys_of_both_routes_have_one_limit_of_their_own(make_service: Callable[..., Service]) -> None:
    service = make_service(RATE_LIMITS="on", RATE_LIMIT_DECOYS="2")
    claim, upload = ("/claim-key", DECOY), ("/upload", DECOY)
    assert statuses(service, claim, upload, claim, upload) == [200, 200, 429, 429]
    assert statuses(service, ("/claim-key", MEANT), ("/upload", MEANT)) == [400, 400], "real requests are not limited"
    assert statuses(service, *[("/upload", MEANT)] * 3) == [400] * 3
    service.clock.advance(seconds=30)
    assert statuses(service, claim, upload, claim) == [200, 200, 429]


def test_the_decoys_of_one_network_are_not_those_of_another(make_service: Callable[..., Service]) -> None:
    service = make_service(RATE_LIMITS="on", RATE_LIMIT_DECOYS="1")
    assert statuses(service, ("/upload", DECOY), ("/upload", DECOY)) == [200, 429]
    elsewhere = {"REMOTE_ADDR": "198.51.100.7"}
    assert service.client.post("/upload", headers=DECOY, environ_overrides=elsewhere).status_code == 200


@pytest.mark.parametrize(("path", "route_limit"), [("/claim-key", "CLAIM_KEY"), ("/upload", "UPLOAD")])
def test_a_decoy_uses_up_one_request_of_its_route_refused_or_not(
    make_service: Callable[..., Service], path: str, route_limit: str
) -> None:
    service = make_service(RATE_LIMITS="on", RATE_LIMIT_DECOYS="1", **{f"RATE_LIMIT_{route_limit}": "5"})
    decoy, real = (path, DECOY), (path, MEANT)
    assert statuses(service, decoy, decoy, decoy, real, real, real) == [200, 429, 429, 400, 400, 429]


@pytest.mark.parametrize("path", ["/claim-key", "/upload"])
def test_a_decoy_waits_for_redis_and_postgresql_as_often_as_a_real_request(
    make_service: Callable[..., Service], path: str
) -> None:
    service = make_service(RATE_LIMITS="on")
    redis, body = service.app.context.redis, good_body(service, path, 1)
    prepared = service.database.prepared = Mock(wraps=service.database.prepared)

    def waits(headers: dict[str, str]) -> tuple[int, int]:
        redis.config_resetstat()
        prepared.reset_mock()
        client = {"REMOTE_ADDR": next(addresses)}
        assert service.client.post(path, data=body, headers=headers, environ_overrides=client).status_code == 200
        calls: int = redis.info("commandstats").get("cmdstat_evalsha", {"calls": 0})["calls"]
        return calls, prepared.execute.call_count

    addresses = (f"192.0.2.{number}" for number in count(1))
    waits(DECOY)  # loads the script
    assert waits(DECOY) == waits(MEANT)


@pytest.mark.parametrize("path", ["/claim-key", "/upload"])
def test_a_refused_decoy_looks_like_a_refused_request(make_service: Callable[..., Service], path: str) -> None:
    service = make_service(RATE_LIMITS="on", RATE_LIMIT_DECOYS="1", RATE_LIMIT_CLAIM_KEY="2", RATE_LIMIT_UPLOAD="2")
    answers = [service.client.post(path, headers=headers) for headers in (DECOY, DECOY, MEANT)]
    assert [answer.status_code for answer in answers] == [200, 429, 429]
    assert seen(answers[1]) == seen(answers[2])
    assert len({size_of(answer) for answer in answers}) == 1


@pytest.mark.parametrize("path", ["/claim-key", "/upload"])
def test_a_refused_decoy_costs_the_database_nothing(redis_url: str, path: str) -> None:
    no_database = "postgresql://nobody@127.0.0.1:1/none"
    service = start_service(make_settings(no_database, redis_url, RATE_LIMITS="on", RATE_LIMIT_DECOYS="1"))
    service.app.context.redis.flushall()
    try:
        assert statuses(service, (path, DECOY), (path, DECOY)) == [500, 429]
    finally:
        service.app.context.redis.close()


def test_a_decoy_that_is_too_long_is_refused_as_a_real_one(service: Service) -> None:
    for path in ("/claim-key", "/upload"):
        body = bytes(service.settings.submission.max_upload_body_bytes + 1)
        answers = [seen(service.client.post(path, data=body, headers=headers)) for headers in (DECOY, MEANT)]
        assert answers[0] == answers[1]
        assert answers[0].status == 400


def test_a_failing_database_shows_in_decoys_too(make_service: Callable[..., Service]) -> None:
    make_service()
    cut_off = make_service(DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    for path in ("/claim-key", "/upload"):
        assert cut_off.client.post(path, headers=DECOY).status_code == 500


def test_all_answers_to_a_phone_with_decoys_have_one_size(make_service: Callable[..., Service]) -> None:
    service = make_service(
        RATE_LIMITS="on", RATE_LIMIT_CLAIM_KEY="5", RATE_LIMIT_UPLOAD="4", INITIAL_REMAINING_KEYS="1"
    )
    phone = service.pair()
    answers = [
        service.claim(service.issue(), headers=MEANT),
        service.claim("WRONG", headers=MEANT),
        service.claim("", headers=DECOY),
        service.client.post("/claim-key", data=bytes(300), headers=MEANT),
        service.claim("", headers=DECOY),
        service.upload(phone, [exposure_key(1)], headers=MEANT),
        service.upload(phone, [exposure_key(2)], headers=MEANT),
        service.client.post("/upload", headers=MEANT),
        service.client.post("/upload", headers=DECOY),
        service.client.post("/upload", headers=DECOY),
    ]

    assert {answer.status_code for answer in answers} == {200, 400, 401, 429}
    identifiers = [len("X-Request-Id: \r\n") + len(answer.headers["X-Request-Id"]) for answer in answers]
    sizes = {size_of(answer) - length for answer, length in zip(answers, identifiers, strict=True)}
    assert sizes == {RESPONSE_BYTES}


def test_a_phone_without_decoys_sees_no_padding(service: Service) -> None:
    assert "X-Padding" not in service.claim("WRONG").headers


def test_requests_may_be_padded_with_a_field_that_no_message_has(service: Service) -> None:
    phone, code = Phone(), service.issue()
    claim = wire.KeyClaimRequest(one_time_code=code, app_public_key=phone.public_key).SerializeToString()
    response = service.client.post("/claim-key", data=padded(claim, MAX_CLAIM_BODY_BYTES))
    assert response.status_code == 200
    phone.server_public_key = wire.KeyClaimResponse.FromString(response.data).server_public_key

    upload = upload_body(service, phone, 1)
    assert (
        service.client.post(
            "/upload", data=padded(upload, service.settings.submission.max_upload_body_bytes)
        ).status_code
        == 200
    )


# what a clock could tell


def upload_body(service: Service, phone: Phone, first: int) -> bytes:
    """Return the upload of a fortnight's keys."""
    message = wire.Upload(keys=[exposure_key(first + number) for number in range(14)])
    message.timestamp.seconds = int(service.clock.now.timestamp())
    nonce = bytes(24)
    return wire.EncryptedUploadRequest(
        server_public_key=phone.server_public_key,
        app_public_key=phone.public_key,
        nonce=nonce,
        payload=phone.box(message.SerializeToString(), nonce),
    ).SerializeToString()


def good_body(service: Service, path: str, first: int) -> bytes:
    """Return the body of a claim or an upload that succeeds."""
    if path == "/upload":
        return upload_body(service, service.pair(), first)
    claim = wire.KeyClaimRequest(one_time_code=service.issue(), app_public_key=Phone().public_key)
    return claim.SerializeToString()


def time_of(service: Service, path: str, body: bytes, headers: dict[str, str]) -> float:
    client = service.client
    started = time.perf_counter()
    assert client.post(path, data=body, headers=headers).status_code == 200
    return time.perf_counter() - started


def measure(service: Service, path: str, rounds: int) -> tuple[list[float], list[float]]:
    """Send real requests and decoys in turns, in an order of chance; return the seconds of both."""
    times: dict[str, list[float]] = {"0": [], "1": []}
    numbers = count(1)
    for _ in range(rounds):
        body = good_body(service, path, 20 * next(numbers))
        for headers in random.sample((DECOY, MEANT), 2):
            times[headers["X-Decoy"]].append(time_of(service, path, body, headers))
    return times["0"], times["1"]


def advantage(real: list[float], decoys: list[float]) -> float:
    """Return how often the slower of a real request and a decoy is the real one: a half is what a guess gets."""
    return statistics.mean(a > b for a in real for b in decoys)


@pytest.mark.parametrize("path", ["/claim-key", "/upload"])
def test_a_decoy_takes_about_as_long(service: Service, path: str) -> None:
    # The fastest of several requests, and up to five times: other processes disturb a measurement, not all of them.
    ratios = (min(decoys) / min(real) for real, decoys in (measure(service, path, 12) for _ in range(5)))
    assert any(0.4 < ratio < 2.5 for ratio in ratios)


@pytest.fixture(scope="module")
def durable(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[Service]:
    """A service whose database waits for its disk, as a real one does."""
    directory: Path = tmp_path_factory.mktemp("durable")
    with EmbeddedPostgres(directory) as server:
        service = start_service(make_settings(server.url, redis_url))
        migrate_database(service.app)
        yield service
        service.database.dispose()
        service.app.context.redis.close()


@only_in_torture
@pytest.mark.parametrize("path", ["/claim-key", "/upload"])
def test_the_clock_hardly_tells_decoys_from_real_requests(durable: Service, path: str) -> None:
    measure(durable, path, 20)
    real, decoys = measure(durable, path, 500)

    print(f"\n{path}: medians {statistics.median(real):.5f} s real, {statistics.median(decoys):.5f} s decoy, ", end="")
    print(f"advantage {advantage(real, decoys):.3f}")
    assert 0.35 < advantage(real, decoys) < 0.65
