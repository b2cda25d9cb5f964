"""Applications that connect to a database with the roles of docs/operations.md."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.clock import NOON, FakeClock
from tests.support.roles import TABLES, database_with_roles, run_as_owner, url_of
from tests.support.service import Service, start_service
from tests.support.settings import make_settings


@pytest.fixture(scope="module")
def owner_url(database_url: str) -> Iterator[str]:
    """The owner's URL of a separate database with the roles."""
    with database_with_roles(database_url) as url:
        yield url


@pytest.fixture
def clock() -> FakeClock:
    """Three minutes before an hour ends, when archives are padded."""
    return FakeClock(NOON.replace(minute=57))


@pytest.fixture
def start(owner_url: str, redis_url: str, clock: FakeClock) -> Iterator[Callable[..., Service]]:
    """Start an application of a surface as a role. The tables are emptied before the first."""
    deletions = "; ".join(f"DELETE FROM {table}" for table in TABLES)  # noqa: S608
    run_as_owner(owner_url, f"SET session_replication_role = replica; {deletions}")  # without triggers
    services = []

    def make(role: str, surface: str, **overrides: str) -> Service:
        values = {"SURFACES": surface, "PUBLISH_ACTIVE_KEYS": "true"} | overrides
        values["SUBMISSION_URL"] = "http://127.0.0.1:1"
        services.append(start_service(make_settings(url_of(role, owner_url), redis_url, **values), clock))
        return services[-1]

    yield make
    for service in services:
        service.database.dispose()
        service.app.context.redis.close()
