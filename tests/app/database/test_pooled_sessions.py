"""What the service leaves behind in sessions that a pooler lends to other clients (PgBouncer, mode `transaction`)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.database.database import Database, allow_time
from app.store import export_archives
from tests.support.pooler import SESSIONS, Pooler
from tests.support.service import Service

# PgBouncer sets these for each client, whatever the session had before.
OF_THE_POOLER = {"application_name", "client_encoding", "DateStyle", "IntervalStyle", "TimeZone"}
OF_THE_POOLER |= {"standard_conforming_strings"}
CHANGED = text("SELECT name FROM pg_settings WHERE source = 'session' AND setting IS DISTINCT FROM reset_val")
LOCKS = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")


def use_everything(database: Database) -> None:
    """Use each kind of connection, and each that changes a limit; one of each fails."""
    database.ping()
    with database.snapshot() as connection:
        allow_time(connection)
        connection.execute(text("SELECT 1"))
    with database.transaction() as connection:
        export_archives.lock_builder(connection, wait=True)
    for use in (database.transaction, database.snapshot, database.autocommit):
        try:
            with use() as connection:
                allow_time(connection)
                connection.execute(text("SELECT 1 / 0"))
        except DBAPIError:
            continue


def test_no_setting_and_no_lock_stays_in_a_session(make_service: Callable[..., Service], tmp_path: Path) -> None:
    service = make_service()
    with Pooler(tmp_path / "pooler", service.settings.database_url.replace("+psycopg2", "")) as pooler:
        pooled = make_service(DATABASE_URL=pooler.url)
        with ThreadPoolExecutor(4 * SESSIONS) as threads:
            list(threads.map(lambda _: use_everything(pooled.database), range(20 * SESSIONS)))
        left: set[str] = set()
        for _ in range(4 * SESSIONS):
            with pooled.database.autocommit() as connection:
                left |= {row.name for row in connection.execute(CHANGED)}
        assert left - OF_THE_POOLER == set()
        assert service.rows(str(LOCKS)) == [(0,)]
        pooled.database.dispose()


def test_a_transaction_is_read_committed_through_a_pooler_whatever_the_default_of_the_database_is(
    make_service: Callable[..., Service], tmp_path: Path
) -> None:
    service = make_service()
    service.execute("ALTER DATABASE exposure_alert SET default_transaction_isolation = 'serializable'")
    try:
        with Pooler(tmp_path / "pooler", service.settings.database_url.replace("+psycopg2", "")) as pooler:
            pooled = make_service(DATABASE_URL=pooler.url)
            with pooled.database.transaction() as connection:
                assert connection.execute(text("SHOW transaction_isolation")).scalar_one() == "read committed"
            with pooled.database.snapshot() as connection:
                assert connection.execute(text("SHOW transaction_isolation")).scalar_one() == "repeatable read"
            pooled.database.dispose()
    finally:
        service.execute("ALTER DATABASE exposure_alert RESET default_transaction_isolation")
