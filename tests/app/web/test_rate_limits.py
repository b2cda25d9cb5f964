"""Rate limits by route (app/web/rate_limits.py)."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.web.rate_limits import RateLimiter
from processes.redis import EmbeddedRedis
from tests.support.answers import CORS, claim_refusal, outbreak_refusal, plain_error, seen, upload_refusal
from tests.support.service import Service, bearer, exposure_key
from tests.support.settings import METRICS, OTHER_TOKEN

UNAVAILABLE = "rate limits unavailable: no response from Redis"
# It is 12:15:30, so the counts of this minute expire 30 seconds later.
RETRY = {"Retry-After": "30"}


@pytest.fixture
def make_limited(make_service: Callable[..., Service]) -> Callable[..., Service]:
    """Make services with limits."""
    make_service()  # empties the database and Redis
    return lambda **overrides: make_service(RATE_LIMITS="on", **overrides)


def statuses(request: Callable[[], Any], times: int = 3) -> list[int]:
    return [request().status_code for _ in range(times)]


def test_claims_beyond_the_limit_are_refused_like_a_ban(make_limited: Callable[..., Service]) -> None:
    service = make_limited(RATE_LIMIT_CLAIM_KEY="2")
    code = service.issue()
    assert statuses(lambda: service.claim("WRONG"), 2) == [401, 401]

    refused = seen(service.claim(code))

    answer = claim_refusal(429, "TEMPORARY_BAN", 0, None, RETRY)
    assert (refused.status, refused.headers) == (429, answer.headers)
    assert refused.body == answer.body + bytes.fromhex("2202081e")  # for 30 seconds
    service.clock.advance(seconds=30)
    assert service.claim(code).status_code == 200


def test_uploads_beyond_the_limit_are_refused_in_their_own_form(make_limited: Callable[..., Service]) -> None:
    service = make_limited(RATE_LIMIT_UPLOAD="1")
    phone = service.pair()
    assert service.upload(phone, [exposure_key(1)]).status_code == 200

    assert seen(service.upload(phone, [exposure_key(2)])) == upload_refusal(429, "UNKNOWN", RETRY)
    assert len(service.rows("SELECT FROM diagnosis_keys")) == 1


def test_codes_are_limited_by_token(make_limited: Callable[..., Service]) -> None:
    service = make_limited(RATE_LIMIT_NEW_KEY_CLAIM="2")

    def ask(**headers: str) -> Any:
        return service.client.post("/new-key-claim", headers=headers)

    assert statuses(ask, 5) == [401] * 5  # requests without a valid token are not counted
    assert statuses(lambda: ask(**bearer()), 2) == [200, 200]

    assert seen(ask(**bearer())) == plain_error(429, "too many requests", CORS | RETRY)
    assert ask(**bearer(OTHER_TOKEN)).status_code == 200
    assert len(service.rows("SELECT FROM encryption_keys")) == 3


def test_outbreak_events_are_limited_by_token(make_limited: Callable[..., Service]) -> None:
    service = make_limited(RATE_LIMIT_OUTBREAKS="1")

    def report() -> Any:
        return service.client.post("/qr/new-event", headers=bearer())

    assert report().status_code == 400

    assert seen(report()) == outbreak_refusal(429, "UNKNOWN", RETRY)


def test_attempts_at_the_operator_password_are_limited(make_limited: Callable[..., Service]) -> None:
    service = make_limited(RATE_LIMIT_EVENTS="2")
    assert statuses(lambda: service.client.get("/events/2026-03-18", auth=("metrics-user", "guess")), 2) == [401, 401]

    assert seen(service.client.get("/events/2026-03-18", auth=METRICS)) == plain_error(429, "too many requests", RETRY)


def test_the_retrieval_surface_needs_no_submission_secret(make_limited: Callable[..., Service]) -> None:
    service = make_limited(SURFACES="retrieval", SECRET_KEY="", RATE_LIMIT_EVENTS="1")

    assert statuses(lambda: service.client.get("/events/2026-03-18", auth=METRICS), 2) == [200, 429]


def test_networks_are_limited_separately(make_limited: Callable[..., Service]) -> None:
    service = make_limited(RATE_LIMIT_CLAIM_KEY="1")

    def claim(peer: str) -> int:
        return service.claim("WRONG", environ_overrides={"REMOTE_ADDR": peer}).status_code

    assert [claim(peer) for peer in ("192.0.2.1", "192.0.2.2", "192.0.2.1", "2001:db8::1", "2001:db8::2")] == [
        *(401, 401, 429),
        *(401, 429),
    ]


def test_limits_can_be_disabled(make_service: Callable[..., Service]) -> None:
    service = make_service(RATE_LIMITS="off", RATE_LIMIT_CLAIM_KEY="1")

    assert statuses(lambda: service.claim("WRONG")) == [401] * 3
    assert service.app.context.redis.keys() == []


def test_redis_stores_a_keyed_hash_for_a_minute_in_one_round_trip(make_limited: Callable[..., Service]) -> None:
    limits = ("RATE_LIMIT_CLAIM_KEY", "RATE_LIMIT_NEW_KEY_CLAIM", "RATE_LIMIT_UPLOAD")
    service = make_limited(**dict.fromkeys(limits, "99"))  # batches of one request
    redis = service.app.context.redis
    service.claim("WRONG")
    before = reports(service)
    service.claim("WRONG", environ_overrides={"REMOTE_ADDR": "203.0.113.9"})
    service.upload_plaintext(service.pair(), b"")

    assert reports(service) == before + 4  # two claims, a code, an upload
    keys = redis.keys()
    assert all(0 < redis.ttl(key) <= 60 for key in keys)
    ledger = {row.identifier for row in service.rows("SELECT identifier FROM failed_key_claim_attempts")}
    for key in map(bytes.decode, keys):
        assert "203.0.113.9" not in key
        assert not any(identifier in key for identifier in ledger)


def reports(service: Service) -> int:
    """Return how many reports Redis has received."""
    return service.app.context.redis.info("commandstats").get("cmdstat_evalsha", {"calls": 0})["calls"]


def test_single_requests_are_not_reported_to_redis(make_limited: Callable[..., Service]) -> None:
    service = make_limited()
    before = reports(service)

    assert service.upload(service.pair(), [exposure_key()]).status_code == 200

    assert reports(service) == before
    assert service.app.context.redis.keys() == []


def admitted(limiter: RateLimiter, times: int, client: str = "client", **options: Any) -> int:
    """Return how many of `times` requests are admitted at 12:30 with a limit of 200."""
    now = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    return sum(limiter.admit("route", 200, client, now, **options) is True for _ in range(times))


def test_one_process_admits_the_limit_exactly(make_limited: Callable[..., Service]) -> None:
    limiter = RateLimiter(make_limited().settings.redis_url)

    assert admitted(limiter, 199) == 199
    assert admitted(limiter, 1) == 1
    assert admitted(limiter, 10) == 1  # half of a batch of two


def test_processes_share_a_limit_except_for_unreported_requests(
    make_limited: Callable[..., Service],
) -> None:
    processes = [RateLimiter(make_limited().settings.redis_url) for _ in range(4)]

    total = sum(admitted(process, 1) for _ in range(100) for process in processes)

    assert 200 <= total <= 200 + len(processes)


def test_threads_count_every_request_once(make_limited: Callable[..., Service]) -> None:
    limiter = RateLimiter(make_limited().settings.redis_url)

    with ThreadPoolExecutor(8) as threads:
        total = sum(threads.map(lambda _: admitted(limiter, 50), range(8)))

    assert 200 <= total <= 200 + 8, "while one thread asks Redis, each of the others may admit one unreported request"


def test_requests_are_reported_individually_without_another_limit(make_limited: Callable[..., Service]) -> None:
    processes = [RateLimiter(make_limited().settings.redis_url) for _ in range(4)]

    assert sum(admitted(process, 1, exactly=True) for _ in range(100) for process in processes) == 200


def test_a_limited_client_causes_no_more_redis_traffic(make_limited: Callable[..., Service]) -> None:
    service = make_limited(RATE_LIMIT_CLAIM_KEY="2")
    assert statuses(lambda: service.claim("WRONG")) == [401, 401, 429]
    before = reports(service)

    assert statuses(lambda: service.claim("WRONG")) == [429] * 3
    assert reports(service) == before
    service.clock.advance(seconds=30)
    assert service.claim("WRONG").status_code == 401


def test_clients_beyond_local_memory_are_reported_individually(
    make_limited: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.rate_limits._COUNTED_CLIENTS", 2)
    service = make_limited()
    limiter = RateLimiter(service.settings.redis_url)
    before = reports(service)

    assert [admitted(limiter, 1, client) for client in "abab"] == [1, 1, 1, 1]
    assert reports(service) == before + 2, "in batches of two requests"
    assert admitted(limiter, 250, "c") == 200
    assert reports(service) == before + 2 + 250


def test_downloads_do_not_use_redis(make_limited: Callable[..., Service]) -> None:
    service = make_limited(REDIS_URL="redis://127.0.0.1:1/0")

    assert statuses(lambda: service.fetch(service.today)) == [200] * 3


@contextmanager
def redis_server(directory: Path) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(directory, durable=False)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def test_without_redis_phone_routes_work_and_password_routes_are_closed(
    make_limited: Callable[..., Service], tmp_path: Path
) -> None:
    with redis_server(tmp_path) as server:
        service = make_limited(REDIS_URL=server.url, RATE_LIMIT_CLAIM_KEY="1", MAX_CONSECUTIVE_CLAIM_KEY_FAILURES="4")
        assert statuses(lambda: service.claim("WRONG"), 2) == [401, 429]

    service.clock.advance(minutes=1)
    phone = service.pair()  # issues a code and claims it
    assert service.upload(phone, [exposure_key()]).status_code == 200
    assert service.fetch(service.today).status_code == 200
    assert service.client.post("/code-status", json={"hash_ids": []}, headers=bearer()).status_code == 200
    assert service.client.post("/qr/new-event", headers=bearer()).status_code == 400  # and not 500
    assert seen(service.client.get("/events/2026-03-18", auth=METRICS)) == plain_error(
        503, "service unavailable", {"Retry-After": "5"}
    )
    assert statuses(lambda: service.claim("WRONG"), 5) == [401, 401, 401, 401, 429]  # the ban ledger needs no Redis


def test_an_unresponsive_redis_delays_one_request_and_not_the_next(
    make_limited: Callable[..., Service],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("app.web.rate_limits.RETRY_SECONDS", 3600)
    with redis_server(tmp_path) as server:
        service = make_limited(REDIS_URL=server.url, RATE_LIMIT_CLAIM_KEY="3")
        service.claim("WRONG")
        process = int((tmp_path / "redis.pid").read_text())
        os.kill(process, signal.SIGSTOP)
        try:
            assert statuses(lambda: service.claim("WRONG"), 3) == [401] * 3
            assert caplog.messages.count(UNAVAILABLE) == 1, "only the first request waits for Redis"
        finally:
            os.kill(process, signal.SIGCONT)
        service.app.context.rate_limiter._paused_until = 0.0
        assert 429 in statuses(lambda: service.claim("WRONG"), 4), "requests are counted again"
