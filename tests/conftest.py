"""Fixtures for all tests. Each test process has its own PostgreSQL and Redis."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from app import create_app
from app.database.migrations import migrate_database
from app.web.routing import Application
from processes.postgres import EmbeddedPostgres
from processes.redis import EmbeddedRedis
from tests.support.cluster import put_cluster
from tests.support.compiled_rules import CompiledRule
from tests.support.passwords import make_passwords_cheap
from tests.support.service import Service, empty, start_service
from tests.support.settings import make_settings
from tests.support.shared_pool import share_pool, use_own_pool
from tests.support.small_disk import small_disk
from tests.support.stack import Stack, new_stack
from tests.support.template_cache import TemplateCache
from tests.support.torture import CI, TORTURE

# Tests that start whole services take longest. They run first, so that no process runs alone at the end.
_SLOW_FIRST = (
    "browser",
    "clients",
    "review_apps",
    "bench",
    "deploys",
    "deploy_host",
    "deploy_promotion",
    "gameday",
    "local",
    "processes",
    "faults",
    "races",
    "worker",
    "journeys",
)

# Whole services, hosts, browsers, other languages and commands take most of the time. Without arguments `make test`
# leaves them to continuous integration; `bin/test tests/browser` runs them here.
_WHOLE = (
    "tests/app/cli/test_configuration.py",
    "tests/app/cli/test_failures.py",
    "tests/app/cli/test_without_settings.py",
    "tests/app/database/test_interrupted_transactions.py",
    "tests/app/database/test_migrating.py",
    "tests/app/database/test_silent_servers.py",
    "tests/app/measuring/test_web_servers.py",
    "tests/app/objectives/test_replay.py",
    "tests/app/portal/test_late_forms_change_nothing.py",
    "tests/app/portal/test_other_jurisdictions.py",
    "tests/app/retrieval/test_behind_a_cdn.py",
    "tests/app/retrieval/test_both_web_servers.py",
    "tests/app/retrieval/test_killed_builder.py",
    "tests/app/retrieval/test_publishing.py",
    "tests/app/retrieval/test_web_servers.py",
    "tests/app/test_memory.py",
    "tests/app/upkeep/monitoring/test_clock_steps.py",
    "tests/app/upkeep/monitoring/test_database_latency.py",
    "tests/app/upkeep/monitoring/test_heartbeat_outside.py",
    "tests/app/upkeep/monitoring/test_monitor.py",
    "tests/app/upkeep/monitoring/test_publisher.py",
    "tests/app/upkeep/test_padding_observed.py",
    "tests/app/web/test_redis_failover.py",
    "tests/bench/",
    "tests/browser/",
    "tests/clients/test_replay.py",
    "tests/clients/test_sample",
    "tests/contract/test_b_hostile_connections.py",
    "tests/deploy_host/",
    "tests/deploy_promotion/",
    "tests/deploys/",
    "tests/faults/",
    "tests/gameday/",
    "tests/guards/test_install.py",
    "tests/guards/test_review_app_of_a_fork.py",
    "tests/infra/test_scripts.py",
    "tests/infra/test_store_secrets.py",
    "tests/journeys/test_eighteen_months.py",
    "tests/local/",
    "tests/processes/test_one_off.py",
    "tests/review_apps/",
    "tests/worker/",
)

# Files that share a service run in one process, so that it is started once.
_TOGETHER = {
    "tests/app/importing/": "importing",
    "tests/browser/portal_": "browser portal",
    "tests/browser/test_portal_": "browser portal",
    "tests/browser/": "browser",
    "tests/clients/test_city.py": "live",
    "tests/clients/test_phone_journey.py": "live",
    "tests/clients/test_sample": "live",
    "tests/races/": "races",
    "tests/faults/": "stack",
    "tests/deploys/test_rolling_restarts.py": "stack",
}


# Each test has an application of its own. Compiling the rules and the templates takes longer than anything it does.
Application.url_rule_class = CompiledRule
Application.jinja_options = {"bytecode_cache": TemplateCache()}
make_passwords_cheap()
# Machines differ in speed. In continuous integration each run has the same examples.
settings.register_profile("any machine", settings.get_profile("ci" if CI else "default"), deadline=None)
settings.load_profile("any machine")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Keep the tests of a file in one process, and also those of some folders."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            groups = (group for beginning, group in _TOGETHER.items() if nodeid.startswith(beginning))
            return next(groups, super()._split_scope(nodeid))

    return Together(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort the slow folders first, and leave whole services to continuous integration if no test was named."""
    ranks = {folder: rank for rank, folder in enumerate(_SLOW_FIRST)}
    items.sort(key=lambda item: ranks.get(item.path.relative_to(Path(__file__).parent).parts[0], len(ranks)))
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS and not (CI or TORTURE):
        reason = "starts whole services: CI=1 make test runs it, and so does bin/test with its path"
        for item in items:
            if item.nodeid.startswith(_WHOLE):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_collection_finish() -> None:
    """Exclude all collected tests from garbage collection, because they live to the end."""
    gc.freeze()


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty, migrated database."""
    server = EmbeddedPostgres(put_cluster(tmp_path_factory.mktemp("postgres"), tmp_path_factory), durable=False)
    server.start()
    try:
        settings = make_settings(server.url, "redis://127.0.0.1:1/0")
        app = create_app(settings)
        migrate_database(app)
        app.context.database.dispose()
        share_pool(settings.database_url)
        yield server.url
    finally:
        server.stop()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty Redis."""
    server = EmbeddedRedis(tmp_path_factory.mktemp("redis"), durable=False)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


@pytest.fixture(scope="module")
def own_redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis that no server of other tests uses: what these count deletes increments of old minutes."""
    with EmbeddedRedis(tmp_path_factory.mktemp("own-redis"), durable=False) as server:
        yield server.url


@pytest.fixture(scope="session")
def first_service(database_url: str, redis_url: str) -> Iterator[Service]:
    """An application that only empties the database and Redis: a new connection takes longer for each table."""
    service = start_service(make_settings(database_url, redis_url))
    yield service
    service.database.dispose()
    service.app.context.redis.close()


@pytest.fixture
def own_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pools for the applications of this test only."""
    use_own_pool(monkeypatch)


@pytest.fixture
def make_service(database_url: str, redis_url: str, first_service: Service) -> Iterator[Callable[..., Service]]:
    """Make applications with a test's own settings. The database and Redis are emptied before the first.

    They are not emptied afterwards, because the servers of other tests store data, too.
    """
    services: list[Service] = []

    def make(**overrides: str) -> Service:
        services.append(start_service(make_settings(database_url, redis_url, **overrides)))
        if len(services) == 1:
            empty(first_service)
        return services[-1]

    yield make
    for service in services:
        service.database.dispose()
        service.app.context.redis.close()


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    """The application configured like the public server: keys are published at once, and archives built on request."""
    return make_service(PUBLISH_ACTIVE_KEYS="true", EXPORT_MAX_AGE_SECONDS="0")


@pytest.fixture(scope="session")
def archive_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path | None]:
    """A separate disk of one megabyte for archives; None if this user may not mount one."""
    if not TORTURE:
        yield None
        return
    folder = tmp_path_factory.mktemp("disk")
    with small_disk(folder, "size=1m,mode=777") as is_mounted:
        yield folder if is_mounted else None


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, archive_disk: Path | None) -> Iterator[Stack]:
    """The whole service, whose processes tests kill or replace. Each test leaves it working."""
    with new_stack(tmp_path_factory, f"file://{archive_disk}" if archive_disk else "database") as stack:
        yield stack
