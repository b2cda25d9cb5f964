"""An unresponsive database (app/database/watchdog.py)."""

import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.database.database import Database, allow_time
from app.database.engine import db
from app.database.errors import is_outage
from app.database.watchdog import Watchdog
from tests.support.service import Service
from tests.support.waiting import wait_until


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
    assert caught.value.connection_invalidated, "a cancelled query would leave it open"
    impatient.ping()


def test_fast_statements_keep_their_connection(impatient: Database) -> None:
    backends = set()
    for _ in range(3):
        with impatient.autocommit() as connection:
            backends.add(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
        time.sleep(0.4)  # idle in the pool for longer than the deadline
    assert len(backends) == 1


def test_a_transaction_has_a_deadline(impatient: Database) -> None:
    for lend in (impatient.transaction, impatient.snapshot):
        with pytest.raises(OperationalError), lend() as connection:
            connection.execute(text("SELECT pg_sleep(100)"))
    with impatient.transaction() as connection:
        assert connection.execute(text("SELECT 7")).scalar_one() == 7


def test_a_transaction_may_exceed_the_deadline_of_a_statement(impatient: Database) -> None:
    with impatient.transaction() as connection:
        for _ in range(2):
            assert connection.execute(text("SELECT 7")).scalar_one() == 7
            time.sleep(1)


def test_a_transaction_that_was_given_time_may_take_it(impatient: Database) -> None:
    with impatient.transaction() as connection:
        allow_time(connection)
        assert connection.execute(text("SELECT 7 FROM pg_sleep(1)")).scalar_one() == 7


def test_the_time_of_one_transaction_is_not_that_of_the_next(impatient: Database) -> None:
    with impatient.transaction() as connection:
        allow_time(connection)
    with pytest.raises(OperationalError), impatient.transaction() as connection:
        connection.execute(text("SELECT pg_sleep(10)"))


def test_a_commit_does_not_wait_for_ever(impatient: Database) -> None:
    began = time.monotonic()
    with pytest.raises(OperationalError), impatient.transaction() as connection:
        connection.execute(
            text("""
            SET LOCAL statement_timeout = '60s';
            CREATE TEMPORARY TABLE slow (id integer) ON COMMIT DROP;
            CREATE FUNCTION pg_temp.wait() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(10); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION pg_temp.wait();
            INSERT INTO slow VALUES (1)
            """)
        )
    assert time.monotonic() - began < 5


def watching() -> set[threading.Thread]:
    """Return the threads that watch connections."""
    return {each for each in threading.enumerate() if each.name == "database watchdog"}


def test_a_database_that_was_disposed_has_no_thread_and_starts_one_again(impatient: Database) -> None:
    others = watching()
    impatient.ping()
    assert len(watching() - others) == 1
    impatient.dispose()
    wait_until(lambda: not watching() - others, "the thread ends")
    with pytest.raises(OperationalError), impatient.autocommit() as connection:
        connection.execute(text("SELECT pg_sleep(100)"))
    impatient.dispose()


def test_a_connection_in_use_has_its_deadline_also_after_the_database_was_disposed(impatient: Database) -> None:
    database = Database(impatient._engine, response_seconds=1.5)  # longer than the thread sleeps
    with database.autocommit() as connection:
        database.dispose()
        with pytest.raises(OperationalError) as caught:
            connection.execute(text("SELECT pg_sleep(100)"))
    assert caught.value.connection_invalidated


@pytest.fixture
def frequent_switches() -> Iterator[None]:
    """Let Python switch between threads after each microsecond."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def guard_at_once(watchdog: Watchdog, number: int) -> list[int]:
    """Guard as many connections at the same time, each in its own thread; return the guards that each thread saw."""
    barrier = threading.Barrier(number)
    seen = []

    def guard() -> None:
        barrier.wait()
        with watchdog.guard(object()):
            barrier.wait()
            seen.append(len(watchdog._guards))
            barrier.wait()

    threads = [threading.Thread(target=guard) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


@pytest.mark.usefixtures("frequent_switches")
def test_simultaneous_first_guards_start_one_thread_and_none_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    monkeypatch.setattr(Watchdog, "_run", lambda _: started.append(threading.current_thread()))
    for rounds in range(1, 51):
        assert guard_at_once(Watchdog(seconds=60), 16) == [16] * 16
        assert len(started) == rounds
