"""Connections that the server closed while they were idle (app/database/stale_connections.py)."""

import select
import time
from collections.abc import Callable
from contextlib import ExitStack

import psycopg2
import pytest
from sqlalchemy import Connection, text

from app.database.database import Database
from tests.support.service import Service

OURS = "FROM pg_stat_activity WHERE application_name = 'exposure-alert'"


def backend(connection: Connection) -> int:
    return connection.execute(text("SELECT pg_backend_pid()")).scalar_one()


def fill_pool(database: Database, size: int) -> set[int]:
    """Return the backends of so many connections, all of them idle afterwards."""
    with ExitStack() as stack:
        return {backend(stack.enter_context(database.autocommit())) for _ in range(size)}


@pytest.fixture
def end_all(database_url: str) -> Callable[[], None]:
    """Close all connections of the service from the server's side, as a restart does."""

    def end() -> None:
        operator = psycopg2.connect(database_url)
        operator.autocommit = True
        with operator.cursor() as cursor:
            cursor.execute(f"SELECT pg_terminate_backend(pid) {OURS}")
            deadline = time.monotonic() + 5
            left = 1
            while left and time.monotonic() < deadline:
                cursor.execute(f"SELECT count(*) {OURS}")
                [(left,)] = cursor.fetchall()
        operator.close()
        assert left == 0

    return end


def test_connections_closed_by_the_server_are_replaced_silently(
    service: Service, end_all: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    before = fill_pool(service.database, 4)
    end_all()
    assert not before & fill_pool(service.database, 4)
    end_all()
    assert [service.pair().server_public_key and service.fetch(0).status_code for _ in range(4)] == [200] * 4
    assert [record for record in caplog.records if record.levelname not in ("INFO", "DEBUG")] == []


def test_transactions_and_snapshots_get_open_connections(service: Service, end_all: Callable[[], None]) -> None:
    for lend in (service.database.transaction, service.database.snapshot):
        closed = fill_pool(service.database, 1)
        end_all()
        with lend() as connection:
            assert backend(connection) not in closed


def test_a_recreated_pool_is_checked_too(service: Service, end_all: Callable[[], None]) -> None:
    service.database.dispose()
    closed = fill_pool(service.database, 2)
    end_all()
    assert not closed & fill_pool(service.database, 2)


def test_open_connections_are_kept(service: Service) -> None:
    assert len({frozenset(fill_pool(service.database, 1)) for _ in range(5)}) == 1


def test_a_connection_with_unsolicited_data_is_replaced(service: Service) -> None:
    with service.database.autocommit() as connection:
        talked_to = backend(connection)
        connection.execute(text("LISTEN news"))
    with service.database.autocommit() as held, service.database.autocommit() as other:
        assert backend(held) == talked_to
        other.execute(text("NOTIFY news"))
        assert select.select([held.connection.driver_connection], [], [], 5)[0]  # it is given back with them unread
    assert talked_to not in fill_pool(service.database, 2)
