"""Web processes and a Redis that cannot be written to: a demoted primary, a full one, one that has fallen silent."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ReadOnlyError, ResponseError

from app.database.redis_connections import redis_client
from app.web import rate_limits
from processes.redis import EmbeddedRedis
from tests.support.black_hole import BlackHole
from tests.support.service import Service
from tests.support.settings import METRICS

READY = {"postgresql": "up", "redis": "up", "migrations": "current"}


@pytest.fixture
def old(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A Redis of the test's own."""
    with EmbeddedRedis(tmp_path / "old", durable=False) as server:
        yield server


@pytest.fixture
def new(tmp_path: Path, old: EmbeddedRedis) -> Iterator[EmbeddedRedis]:
    """Another one with the same password, which will be the primary."""
    with EmbeddedRedis(tmp_path / "new", durable=False) as server:
        with Redis.from_url(server.url) as client, Redis.from_url(old.url) as other:
            client.config_set("requirepass", other.connection_pool.connection_kwargs["password"])
        yield server


def demote(server: EmbeddedRedis) -> None:
    """Make a primary a replica of a server that does not exist; its connections stay open."""
    with Redis.from_url(server.url) as client:
        client.replicaof("127.0.0.1", "1")


def ready(service: Service) -> tuple[int, Any]:
    response = service.client.get("/services/ready")
    return response.status_code, response.json


def events(service: Service) -> int:
    date = service.clock.now.date()
    status: int = service.client.get(f"/events/{date}", auth=METRICS).status_code
    return status


def test_a_demoted_primary_is_left_at_once(
    make_service: Callable[..., Service], old: EmbeddedRedis, new: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "RETRY_SECONDS", 0.0)
    with BlackHole(old.url) as address:
        service = make_service(REDIS_URL=address.url, RATE_LIMITS="on")
        assert (events(service), ready(service)) == (200, (200, READY))
        address.lead_to(new.url)
        demote(old)
        assert (events(service), ready(service)) == (503, (503, READY | {"redis": "down"}))
        assert (events(service), ready(service)) == (200, (200, READY))


def test_a_redis_that_only_reads_is_not_ready(make_service: Callable[..., Service], old: EmbeddedRedis) -> None:
    service = make_service(REDIS_URL=old.url)
    demote(old)
    for _ in range(2):
        assert ready(service) == (503, READY | {"redis": "down"})


def test_a_full_redis_is_not_ready(make_service: Callable[..., Service], old: EmbeddedRedis) -> None:
    service = make_service(REDIS_URL=old.url)
    service.app.context.redis.config_set("maxmemory", 1)
    assert ready(service) == (503, READY | {"redis": "down"})
    service.app.context.redis.config_set("maxmemory", 0)
    assert ready(service) == (200, READY)


def test_what_is_written_to_redis_expires(make_service: Callable[..., Service]) -> None:
    service = make_service()
    ready(service)
    redis = service.app.context.redis
    assert [0 < redis.ttl(key) <= 60 for key in redis.scan_iter()] == [True]


def test_a_silent_redis_is_noticed_within_seconds(make_service: Callable[..., Service], old: EmbeddedRedis) -> None:
    with BlackHole(old.url) as address:
        service = make_service(REDIS_URL=address.url, RATE_LIMITS="on")
        assert ready(service) == (200, READY)
        address.swallow()
        began = time.monotonic()
        assert ready(service) == (200, READY), "a new connection is opened"
        address.swallow(new=True)
        assert ready(service) == (503, READY | {"redis": "down"})
        assert events(service) == 503
        assert time.monotonic() - began < 60
        address.recover()
        assert ready(service) == (200, READY)


@pytest.mark.parametrize("line", ["MISCONF no disk", "MASTERDOWN no link", "NOREPLICAS too few", "UNBLOCKED changed"])
def test_an_error_of_the_server_replaces_the_connection(old: EmbeddedRedis, line: str) -> None:
    """A script raises the error, because a test has no failing disk."""
    with redis_client(old.url) as redis:
        first = redis.client_id()
        with pytest.raises(ResponseError):
            redis.eval(f"return redis.error_reply('{line}')", 0)
        assert redis.client_id() != first
        second = redis.client_id()
        with pytest.raises(ResponseError):
            redis.eval("return redis.error_reply('ERR of the command')", 0)
        assert redis.client_id() == second


def test_a_pipeline_that_is_refused_leaves_no_response_behind(old: EmbeddedRedis) -> None:
    with redis_client(old.url) as redis:
        demote(old)
        with pytest.raises(ReadOnlyError), redis.pipeline(transaction=True) as pipeline:
            pipeline.set("a", 1).set("b", 2).execute()
        assert redis.echo("after") == b"after"
