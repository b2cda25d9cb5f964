"""Redis, for tests of the worker."""

import pytest
from redis import Redis

from tests.support.service import Service


@pytest.fixture
def redis(service: Service) -> Redis:
    """The service's Redis, emptied after the test."""
    connection: Redis = service.app.context.redis
    return connection
