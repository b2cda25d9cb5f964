"""Services in unusual states, which only the contract's tests need."""

from collections.abc import Iterator

import pytest

from tests.support.service import Service, start_service
from tests.support.settings import SECRETS, TEST_TOOLS_TOKEN, make_settings
from tests.support.web import WebProcess, web_process

# Nobody listens on port 1.
_NO_DATABASE = "postgresql://nobody:nothing@127.0.0.1:1/nowhere"
_NO_REDIS = "redis://127.0.0.1:1/0"


@pytest.fixture
def cut_off_service() -> Iterator[Service]:
    """The application when neither PostgreSQL nor Redis can be reached."""
    service = start_service(
        make_settings(_NO_DATABASE, _NO_REDIS, ENABLE_TEST_TOOLS="true", TEST_TOOLS_TOKEN=TEST_TOOLS_TOKEN)
    )
    yield service
    service.database.dispose()
    service.app.context.redis.close()


@pytest.fixture(scope="session")
def web(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    """The real web process, for what only a connection shows. Its clock is the machine's."""
    environment = SECRETS | {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "PUBLISH_ACTIVE_KEYS": "true"}
    with web_process(environment, tmp_path_factory.mktemp("web") / "log") as process:
        yield process
