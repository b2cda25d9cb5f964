"""An exception that a signal raises while a transaction begins or ends leaves no session in a wrong state."""

import contextlib
import gc
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import psycopg2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.database import database as module
from app.database.database import Database
from tests.support.service import Service

pytestmark = pytest.mark.usefixtures("own_pool")

# Where the interpreter calls handlers of signals is, among others, the begin of each function.
FILES = (module.__file__, contextlib.__file__)


@pytest.fixture
def database(make_service: Callable[..., Service]) -> Iterator[Database]:
    """A database with one session, and an empty table `kept`."""
    found = make_service(DATABASE_POOL_SIZE="1").database
    with found.autocommit() as connection:
        connection.execute(text("CREATE TABLE kept (number integer)"))
    yield found
    with found.autocommit() as connection:
        connection.execute(text("DROP TABLE kept"))


class Interrupt:
    """Raises KeyboardInterrupt at the begin of one function after some others."""

    def __init__(self, calls: int) -> None:
        self.calls = calls

    def __call__(self, frame: FrameType, kind: str, _: Any) -> None:
        if kind == "call" and frame.f_code.co_filename in FILES:
            self.calls -= 1
            if self.calls < 0:
                sys.settrace(None)
                raise KeyboardInterrupt


def check(database: Database, database_url: str, number: int) -> None:
    """Assert that a statement without a transaction is committed."""
    with database.autocommit() as connection:
        connection.execute(text("INSERT INTO kept VALUES (:number)"), {"number": number})
    reader = psycopg2.connect(database_url)
    with reader.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kept WHERE number = %s", (number,))
        assert cursor.fetchone() == (1,), f"after an interrupt at call {number}"
    reader.close()


def transact(database: Database, error: str) -> None:
    """Insert a row in a transaction, in an ORM session, and then fail or not."""
    with database.session() as session:
        session.execute(text("INSERT INTO kept VALUES (-1)"))
        if error:
            session.execute(text(error))


@pytest.mark.parametrize("error", ["", "SELECT 1 / 0"])
def test_statements_after_an_interrupted_transaction_are_committed(
    database: Database, database_url: str, error: str
) -> None:
    transact(database, "")  # what is imported and compiled once
    former, number, is_over = sys.gettrace(), 0, False
    while not is_over:
        number += 1
        interrupt = Interrupt(number - 1)
        try:
            sys.settrace(interrupt)
            transact(database, error)
        except (KeyboardInterrupt, DBAPIError):
            sys.settrace(former)
            # The exception holds the frames that it ended; other threads use what is back in the pool meanwhile.
            if database.pool_connections()["in_use"] == 0:
                check(database, database_url, number)
        finally:
            sys.settrace(former)
        is_over = interrupt.calls >= 0
        gc.collect()  # an exception during another one can be part of a cycle
        assert database.pool_connections()["in_use"] == 0
        check(database, database_url, number + 1000)
    assert number > 10
