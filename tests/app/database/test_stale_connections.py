"""Connections that the server closed while they were idle (app/database/stale_connections.py)."""

import select
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg2
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.database.database import Database
from tests.support.service import Service, bearer
from tests.support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("own_pool")

OURS = "FROM pg_stat_activity WHERE application_name = 'exposure-alert'"


def backend(connection: Connection) -> int:
    return connection.execute(text("SELECT pg_backend_pid()")).scalar_one()


def fill_pool(database: Database, size: int) -> set[int]:
    """Return the backends of `size` connections, which are idle afterwards."""
    with ExitStack() as stack:
        return {backend(stack.enter_context(database.autocommit())) for _ in range(size)}


@pytest.fixture
def end_all(database_url: str) -> Callable[[], None]:
    """Close all connections of the service on the server, as a restart does."""

    def end() -> None:
        operator = psycopg2.connect(database_url)
        operator.autocommit = True
        with operator.cursor() as cursor:
            cursor.execute(f"SELECT pg_terminate_backend(pid) {OURS}")

            def are_closed() -> bool:
                cursor.execute(f"SELECT count(*) {OURS}")
                return cursor.fetchall() == [(0,)]

            wait_until(are_closed, "the server has closed the connections of the service")
        operator.close()

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


@pytest.fixture
def demote(service: Service, database_url: str) -> Iterator[Callable[[], None]]:
    """Leave the service with connections to a standby, as a name that has not followed a failover yet does."""
    operator = psycopg2.connect(database_url)
    operator.autocommit = True

    def set_for_new_sessions(clause: str) -> None:
        with operator.cursor() as cursor:
            cursor.execute(f"ALTER ROLE CURRENT_USER {clause}")

    def demote() -> None:
        set_for_new_sessions("SET default_transaction_read_only = on")
        service.database.dispose()
        fill_pool(service.database, 3)
        set_for_new_sessions("RESET default_transaction_read_only")

    try:
        yield demote
    finally:
        set_for_new_sessions("RESET default_transaction_read_only")
        operator.close()
        service.database.dispose()


def test_connections_to_a_standby_are_replaced_once_one_has_refused_to_write(
    service: Service, demote: Callable[[], None]
) -> None:
    demote()
    statuses = [service.client.post("/new-key-claim", headers=bearer()).status_code for _ in range(6)]
    assert statuses == [500] + [200] * 5


def test_transactions_leave_a_standby_too(service: Service, demote: Callable[[], None]) -> None:
    def write() -> None:
        with service.database.transaction() as connection:
            connection.execute(text("UPDATE events SET count = count"))

    demote()
    with pytest.raises(DBAPIError):
        write()
    write()
    assert service.client.post("/new-key-claim", headers=bearer()).status_code == 200


def test_a_recreated_pool_is_checked_too(service: Service, end_all: Callable[[], None]) -> None:
    service.database.dispose()
    closed = fill_pool(service.database, 2)
    end_all()
    assert not closed & fill_pool(service.database, 2)


def test_open_connections_are_kept(service: Service) -> None:
    assert len({frozenset(fill_pool(service.database, 1)) for _ in range(5)}) == 1


def test_a_connection_with_unsolicited_data_is_replaced(service: Service) -> None:
    with service.database.autocommit() as connection:
        listening = backend(connection)
        connection.execute(text("LISTEN news"))
    with service.database.autocommit() as held, service.database.autocommit() as other:
        assert backend(held) == listening
        other.execute(text("NOTIFY news"))
        assert select.select([held.connection.driver_connection], [], [], 60)[0]  # it is returned to the pool unread
    assert listening not in fill_pool(service.database, 2)
