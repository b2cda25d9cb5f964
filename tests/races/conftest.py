"""One web process for all races of a test run, and an arena for each race."""

from collections.abc import Callable, Iterator

import pytest

from tests.races.arena import Arena
from tests.support.service import Service
from tests.support.settings import SECRETS
from tests.support.torture import times
from tests.support.web import WebProcess, web_process

# A thread and a connection for almost every client, shared between the workers.
_WORKERS = times(2, 4)
_THREADS = 92 // _WORKERS


@pytest.fixture(scope="session")
def web(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    """The web process as deployed, with a thread and a database connection for almost every client."""
    environment = SECRETS | {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "WEB_CONCURRENCY": str(_WORKERS),
        "WEB_THREADS": str(_THREADS),
        "DATABASE_POOL_SIZE": str(_THREADS),
        "DATABASE_TIMEOUT_SECONDS": "30",  # a hundred clients on a busy machine are slow
        "TRUSTED_PROXIES": "1",
        "RATE_LIMITS": "off",
        "PUBLISH_ACTIVE_KEYS": "true",
        "EXPORT_MAX_AGE_SECONDS": "1",
    }
    with web_process(environment, tmp_path_factory.mktemp("web") / "log") as process:
        yield process


@pytest.fixture
def arena(web: WebProcess, make_service: Callable[..., Service]) -> Arena:
    """An empty service at the present time."""
    service = make_service(PUBLISH_ACTIVE_KEYS="true", EXPORT_MAX_AGE_SECONDS="1", RATE_LIMITS="off")
    service.clock.runs = True
    return Arena(service, web.port)
