"""Servers that fall silent without closing a connection, as a lost route does, below the real web process."""

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.database.errors import is_outage
from app.retrieval.archive_cache import TURN_SECONDS
from app.retrieval.archive_files.bucket import BucketFiles
from processes.redis import EmbeddedRedis
from tests.support.black_hole import BlackHole
from tests.support.service import Service, bearer
from tests.support.settings import SECRETS
from tests.support.torture import only_in_torture
from tests.support.waiting import wait_until
from tests.support.web import WebProcess, web_process

# The guide promises 25 for everything but long statements; a busy machine adds to it.
LIMIT_SECONDS = 60


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A Redis of the test's own."""
    with EmbeddedRedis(tmp_path / "redis", durable=False) as server:
        yield server


def ask(web: WebProcess, method: str, path: str, **headers: str) -> int:
    connection = web.connect()
    connection.timeout = LIMIT_SECONDS
    try:
        connection.request(method, path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def statuses(web: WebProcess) -> dict[str, int]:
    """Ask what needs PostgreSQL, what needs Redis and what needs both."""
    return {
        "code": ask(web, "POST", "/new-key-claim", **bearer()),
        "events": ask(web, "GET", "/events/2026-03-18", Authorization="Basic bm9ib2R5Om5vdGhpbmc="),
        "ready": ask(web, "GET", "/services/ready"),
    }


# Of Redis, tests/app/web/test_redis_failover.py covers the same without a web process.
@pytest.mark.parametrize("server", ["PostgreSQL", pytest.param("Redis", marks=only_in_torture)])
def test_a_web_process_gives_up_a_silent_server_and_returns_to_it(
    service: Service, redis_server: EmbeddedRedis, tmp_path: Path, server: str
) -> None:
    database_url = service.settings.database_url.replace("+psycopg2", "")
    with BlackHole(database_url) as database, BlackHole(redis_server.url) as redis:
        urls = {"DATABASE_URL": database.url, "REDIS_URL": redis.url}
        with web_process(SECRETS | urls | {"RATE_LIMITS": "on"}, tmp_path / "log") as web:
            well = {"code": 200, "events": 401, "ready": 200}
            assert statuses(web) == well
            began = time.monotonic()
            silent = database if server == "PostgreSQL" else redis
            silent.swallow(new=True)
            ill = {"code": 500} if server == "PostgreSQL" else {"events": 503}
            assert statuses(web) == well | {"ready": 503} | ill
            assert time.monotonic() - began < LIMIT_SECONDS
            silent.recover()
            wait_until(lambda: statuses(web) == well, "every route answers again", LIMIT_SECONDS)


USES: dict[str, Callable[[Service], Any]] = {
    "autocommit": lambda service: service.database.autocommit(),
    "transaction": lambda service: service.database.transaction(),
    "snapshot": lambda service: service.database.snapshot(),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
@pytest.mark.parametrize("new", [False, True], ids=["its-connections", "its-address"])
def test_every_kind_of_connection_is_given_up(
    make_service: Callable[..., Service], service: Service, use: Callable[[Service], Any], new: bool
) -> None:
    with BlackHole(service.settings.database_url.replace("+psycopg2", "")) as address:
        other = make_service(DATABASE_URL=address.url, DATABASE_TIMEOUT_SECONDS="1")
        other.database.ping()
        began = time.monotonic()

        def ask_silence() -> None:
            with use(other) as connection:
                address.swallow(new=new)
                connection.execute(text("SELECT 1"))

        with pytest.raises(DBAPIError) as caught:
            ask_silence()
        assert is_outage(caught.value)
        address.recover()
        other.database.ping()
        assert time.monotonic() - began < LIMIT_SECONDS
        other.database.dispose()


@only_in_torture
def test_a_silent_bucket_is_given_up_before_other_requests_stop_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silence:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silence.getsockname()[1]}",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "ca-central-1",
        }.items():
            monkeypatch.setenv(name, value)
        began = time.monotonic()
        with pytest.raises(ReadTimeoutError):
            BucketFiles("bucket", "").get("name")
        assert time.monotonic() - began < TURN_SECONDS
