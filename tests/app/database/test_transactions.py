"""Transactions of the service (app/database/database.py): what they cost, and what they leave in a session."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError, PendingRollbackError

from app.database.database import Database
from app.database.engine import db
from processes.postgres import EmbeddedPostgres
from tests.support.cluster import put_cluster
from tests.support.service import Service

pytestmark = pytest.mark.usefixtures("own_pool")

ISOLATION = text("SHOW transaction_isolation")
BACKEND = text("SELECT pg_backend_pid()")


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    """A service with one connection, so that each statement uses the session of the one before."""
    return make_service(DATABASE_POOL_SIZE="1")


@pytest.fixture
def database(service: Service) -> Iterator[Database]:
    """Its database, with an empty table `kept`."""
    with service.database.autocommit() as connection:
        connection.execute(text("CREATE TABLE kept (number integer)"))
    yield service.database
    with service.database.autocommit() as connection:
        connection.execute(text("DROP TABLE kept"))


@pytest.fixture
def engine(service: Service) -> Engine:
    with service.app.app_context():
        return db.engine


def insert_alone(database: Database, number: int) -> int:
    """Insert a row without a transaction; return the process of the session on the server."""
    with database.autocommit() as connection:
        connection.execute(text("INSERT INTO kept VALUES (:number)"), {"number": number})
        return connection.execute(BACKEND).scalar_one()


def insert_in_transaction(database: Database, number: int, *others: str) -> int:
    """Insert a row and execute the other statements; return the process of the session on the server."""
    with database.transaction() as connection:
        backend: int = connection.execute(BACKEND).scalar_one()
        connection.execute(text("INSERT INTO kept VALUES (:number)"), {"number": number})
        for other in others:
            connection.execute(text(other))
        return backend


def committed(database_url: str) -> list[int]:
    """Return the rows that another session finds."""
    reader = psycopg2.connect(database_url)
    try:
        with reader.cursor() as cursor:
            cursor.execute("SELECT number FROM kept ORDER BY number")
            return [number for (number,) in cursor.fetchall()]
    finally:
        reader.close()


def test_a_transaction_costs_two_round_trips_beside_its_statements_and_autocommit_none(
    make_service: Callable[..., Service], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = put_cluster(tmp_path / "postgres", tmp_path_factory)
    with EmbeddedPostgres(folder, durable=False) as server:
        operator = psycopg2.connect(server.url)
        operator.autocommit = True
        with operator.cursor() as cursor:
            cursor.execute("ALTER ROLE exposure_alert SET log_statement = 'all'")
        operator.close()
        database = make_service(DATABASE_URL=server.url).database
        for number in range(2):
            with database.transaction() as connection:
                connection.execute(text(f"SELECT {number}"))
        with database.autocommit() as connection:
            connection.execute(text("SELECT 2"))
        with database.autocommit_session() as session:
            session.execute(text("SELECT 3"))
        database.dispose()
    lines = (folder / "postgres.log").read_text().splitlines()
    statements = [line.partition("statement: ")[2] for line in lines if "statement: " in line]
    assert statements[statements.index("SELECT 0") - 1 :] == [
        *("BEGIN ISOLATION LEVEL READ COMMITTED", "SELECT 0", "COMMIT"),
        *("BEGIN ISOLATION LEVEL READ COMMITTED", "SELECT 1", "COMMIT"),
        "SELECT 2",
        "SELECT 3",
    ]


def test_a_transaction_is_read_committed_whatever_the_default_of_the_database_is(
    service: Service, database_url: str
) -> None:
    operator = psycopg2.connect(database_url)
    operator.autocommit = True
    with operator, operator.cursor() as cursor:
        cursor.execute("ALTER DATABASE exposure_alert SET default_transaction_isolation = 'serializable'")
        try:
            service.database.dispose()
            for lend in (service.database.transaction, service.database.autocommit):
                with lend() as connection:
                    assert connection.execute(ISOLATION).scalar_one() == "read committed"
        finally:
            cursor.execute("ALTER DATABASE exposure_alert RESET default_transaction_isolation")
    operator.close()


def test_statements_after_a_transaction_are_committed_each(database: Database, database_url: str) -> None:
    backend = insert_in_transaction(database, 1)
    with pytest.raises(DBAPIError):
        insert_in_transaction(database, 2, "SELECT 1 / 0")
    assert insert_alone(database, 3) == backend
    assert committed(database_url) == [1, 3]


def test_a_session_that_ends_in_a_transaction_is_replaced(database: Database, database_url: str) -> None:
    with pytest.raises(DBAPIError):
        insert_in_transaction(database, 1, "SELECT pg_terminate_backend(pg_backend_pid())")
    insert_alone(database, 2)
    assert committed(database_url) == [2]


def test_a_session_whose_transaction_could_not_be_ended_is_replaced(
    database: Database, engine: Engine, database_url: str
) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    backend = insert_alone(database, 1)
    event.listen(engine, "rollback", interrupt)
    with pytest.raises(KeyboardInterrupt):
        insert_in_transaction(database, 2, "SELECT 1 / 0")
    event.remove(engine, "rollback", interrupt)
    assert insert_alone(database, 3) != backend
    assert committed(database_url) == [1, 3]


def test_a_session_that_is_left_in_a_transaction_is_replaced(database: Database, database_url: str) -> None:
    backend = insert_alone(database, 1)
    with pytest.raises(DBAPIError), database.autocommit() as connection:
        connection.execute(text("BEGIN; SELECT 1 / 0; COMMIT"))
    assert insert_alone(database, 2) != backend
    assert committed(database_url) == [1, 2]


def test_a_commit_that_a_deferred_constraint_refuses_leaves_the_session_as_it_was(
    database: Database, database_url: str
) -> None:
    with database.autocommit() as connection:
        connection.execute(text("ALTER TABLE kept ADD UNIQUE (number) DEFERRABLE INITIALLY DEFERRED"))
    backend = insert_in_transaction(database, 1)
    with pytest.raises(DBAPIError):
        insert_in_transaction(database, 1)
    assert insert_alone(database, 2) == backend
    assert committed(database_url) == [1, 2]


def test_a_connection_that_is_lost_and_whose_error_is_ignored_commits_nothing(
    database: Database, database_url: str
) -> None:
    def ignore_the_loss() -> None:
        with database.transaction() as connection:
            connection.execute(text("INSERT INTO kept VALUES (1)"))
            with suppress(DBAPIError):
                connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
            connection.execute(text("INSERT INTO kept VALUES (2)"))

    with pytest.raises(PendingRollbackError):
        ignore_the_loss()
    insert_alone(database, 3)
    assert committed(database_url) == [3]
