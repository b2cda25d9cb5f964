"""A builder that is killed leaves the old archive in its place, and nothing that its successor has to wait for."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.store import export_archives
from bench.stock import add_keys
from tests.support.archive import archive_in
from tests.support.building import POINTS, SORTING, THERE, builder_process
from tests.support.refresh import refresh
from tests.support.service import Service

KEYS_OF_AN_HOUR = 400
PUBLISHED = 13 * KEYS_OF_AN_HOUR  # the hours until noon; they are streamed in two pieces

# PostgreSQL continues a statement after its client has disconnected.
END_WHAT_SORTS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query = :sorting"


@pytest.fixture
def make_aged(make_service: Callable[..., Service], tmp_path: Path) -> Iterator[Callable[[], Service]]:
    """Make services that share a folder of archives, which may be a minute old."""
    made: list[Service] = []

    def make() -> Service:
        made.append(
            make_service(PUBLISH_ACTIVE_KEYS="true", EXPORT_MAX_AGE_SECONDS="60", ARCHIVE_FILES=f"file://{tmp_path}")
        )
        made[-1].clock.now = made[0].clock.now
        return made[-1]

    yield make
    made[0].execute(END_WHAT_SORTS, sorting=str(SORTING))
    made[0].execute("TRUNCATE diagnosis_keys")


@pytest.mark.parametrize(("point", "strays"), list(zip(POINTS, (0, 0, 1, 1), strict=True)), ids=POINTS)
def test_a_builder_that_is_killed_harms_nothing(
    point: str, strays: int, make_aged: Callable[[], Service], database_url: str, tmp_path: Path
) -> None:
    service = make_aged()
    refresh(service)
    old = service.fetch(service.today)
    add_keys(database_url, service.today, 24 * KEYS_OF_AN_HOUR, service.today)
    service.clock.advance(seconds=50)
    kill_a_builder(service, point)
    assert len(files(tmp_path) - named(service)) == strays

    served = make_aged().fetch(service.today)  # by a process that holds nothing in memory
    assert (served.data, served.headers["ETag"]) == (old.data, old.headers["ETag"])
    wait_for_the_lock(service)
    assert refresh(service) == 1
    assert files(tmp_path) == named(service)
    service.clock.advance(seconds=11)
    assert len(archive_in(service.fetch(service.today)).numbers) == PUBLISHED


def kill_a_builder(service: Service, point: str) -> None:
    """Let a builder come to a point, and kill it there."""
    with builder_process(service, "stop", point) as builder:
        assert builder.stdout is not None
        assert builder.stdout.readline() == THERE
        assert not lock_is_free(service)
        builder.kill()
        assert builder.wait() == -signal.SIGKILL


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def named(service: Service) -> set[str]:
    """Return the names of the files that records name."""
    return {f"{row.name}.zip" for row in service.rows("SELECT name FROM export_archives")}


def lock_is_free(service: Service) -> bool:
    with service.database.transaction() as connection:
        return export_archives.lock_builder(connection, wait=False)


def wait_for_the_lock(service: Service) -> None:
    """Wait until PostgreSQL has noticed that the builder is gone, which takes it a moment."""
    deadline = time.monotonic() + 5
    while not lock_is_free(service):
        assert time.monotonic() < deadline, "the lock is still held"
        time.sleep(0.01)
