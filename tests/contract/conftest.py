"""Services in unusual states for the contract tests."""

from collections.abc import Iterator

import pytest

from tests.support.service import Service, start_service
from tests.support.settings import SECRETS, TEST_TOOLS_TOKEN, make_settings
from tests.support.web import WebProcess, web_process

# No server listens on port 1.
_NO_DATABASE = "postgresql://nobody:nothing@127.0.0.1:1/nowhere"
_NO_REDIS = "redis://127.0.0.1:1/0"


@pytest.fixture
def cut_off_service() -> Iterator[Service]:
    """The application without a reachable PostgreSQL or Redis."""
    service = start_service(
        make_settings(_NO_DATABASE, _NO_REDIS, ENABLE_TEST_TOOLS="true", TEST_TOOLS_TOKEN=TEST_TOOLS_TOKEN)
    )
    yield service
    service.database.dispose()
    service.app.context.redis.close()


@pytest.fixture(scope="session")
def web(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    """The web process, for tests of connections. It uses the real time."""
    environment = SECRETS | {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "PUBLISH_ACTIVE_KEYS": "true"}
    with web_process(environment, tmp_path_factory.mktemp("web") / "log") as process:
        yield process
