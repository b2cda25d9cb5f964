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


@pytest.fixture
def frequent_switches() -> Iterator[None]:
    """Let Python switch between threads after each microsecond."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("frequent_switches")
def test_simultaneous_first_guards_start_one_thread() -> None:
    for _ in range(50):
        watchdog = Watchdog(seconds=60)
        started: list[threading.Thread] = []
        watchdog._run = lambda started=started: started.append(threading.current_thread())  # type: ignore[method-assign]
        drivers = [object() for _ in range(16)]
        barrier = threading.Barrier(len(drivers))
        held: list[int] = []

        def guard(driver: object, watchdog: Watchdog = watchdog, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            with watchdog.guard(driver):
                barrier.wait()  # all are guarded at the same time
                held.append(len(watchdog._guards))
                barrier.wait()

        threads = [threading.Thread(target=guard, args=(driver,)) for driver in drivers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(started) == 1
        assert held[-16:] == [16] * 16, "no guard was lost when the thread started"
