"""Portals for a browser: the web process, and the same application in the process of the tests."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.clock import FakeClock
from tests.support.service import Service, empty, start_service
from tests.support.settings import SECRETS, make_settings
from tests.support.web import web_process


@contextmanager
def portal_process(
    database_url: str, redis_url: str, settings: Mapping[str, str], folder: Path, host: str = "127.0.0.1"
) -> Iterator[str]:
    """Run the web process, and yield its address. Passkeys need a host name."""
    urls = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    with web_process(SECRETS | urls | settings, folder / "web.log") as web:
        yield f"http://{host}:{web.port}"


@contextmanager
def portal_service(database_url: str, redis_url: str, settings: Mapping[str, str]) -> Iterator[Service]:
    """Yield the same application in this process, with empty tables: for accounts, sessions, and what was stored."""
    service = start_service(make_settings(database_url, redis_url, **settings), FakeClock(runs=True))
    empty(service)
    service.clock.now = service.clock()
    yield service
    service.database.dispose()
    service.app.context.redis.close()


def portal_fixtures(settings: Mapping[str, str], host: str = "127.0.0.1") -> tuple[Any, Any]:
    """Return two fixtures: `portal_address`, a web process for all tests of a module, and `service`, for each test."""

    @pytest.fixture(scope="module")
    def portal_address(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
        with portal_process(database_url, redis_url, settings, tmp_path_factory.mktemp("portal"), host) as address:
            yield address

    @pytest.fixture
    def service(database_url: str, redis_url: str) -> Iterator[Service]:
        with portal_service(database_url, redis_url, settings) as service:
            yield service

    return portal_address, service
