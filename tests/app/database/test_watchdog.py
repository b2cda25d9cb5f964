"""An unresponsive database (app/database/watchdog.py)."""

import time
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.database.database import Database
from app.database.engine import db
from app.database.errors import is_outage
from tests.support.service import Service


@pytest.fixture
def impatient(make_service: Callable[..., Service]) -> Database:
    """A database whose statement timeout (30 s) is far above the limit of the watchdog (0.2 s).

    If only the statement timeout worked, the error would be a cancelled query, and the connection would stay open.
    """
    service = make_service(DATABASE_TIMEOUT_SECONDS="30")
    with service.app.app_context():
        return Database(db.engine, response_seconds=0.2)


def test_an_unresponsive_connection_is_closed_and_the_next_statement_succeeds(impatient: Database) -> None:
    with pytest.raises(OperationalError) as caught, impatient.autocommit() as connection:
        connection.execute(text("SELECT pg_sleep(100)"))  # longer than any other limit
    assert is_outage(caught.value)
    impatient.ping()


def test_fast_statements_keep_their_connection(impatient: Database) -> None:
    backends = set()
    for _ in range(3):
        with impatient.autocommit() as connection:
            backends.add(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
        time.sleep(0.4)  # idle in the pool for longer than the deadline
    assert len(backends) == 1


def test_a_transaction_has_a_deadline(impatient: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.database.database.TRANSACTION_SECONDS", 0.2)
    for lend in (impatient.transaction, impatient.snapshot):
        with pytest.raises(OperationalError), lend() as connection:
            connection.execute(text("SELECT pg_sleep(100)"))
    with impatient.transaction() as connection:
        assert connection.execute(text("SELECT 7")).scalar_one() == 7


def test_a_transaction_may_exceed_the_deadline_of_a_statement(impatient: Database) -> None:
    with impatient.transaction() as connection:
        assert connection.execute(text("SELECT 7 FROM pg_sleep(1)")).scalar_one() == 7
