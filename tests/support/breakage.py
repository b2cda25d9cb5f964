"""Real failures of the database, which are undone afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.service import Service


@contextmanager
def without_table(service: Service, table: str) -> Iterator[None]:
    """Rename a table during the block."""
    service.execute(f"ALTER TABLE {table} RENAME TO {table}_away")
    try:
        yield
    finally:
        service.execute(f"ALTER TABLE {table}_away RENAME TO {table}")


@contextmanager
def with_trigger(service: Service, table: str, moment: str, body: str) -> Iterator[None]:
    """Run PL/pgSQL for each row during the block; `moment` is `BEFORE INSERT`, for example."""
    service.execute(f"CREATE FUNCTION breakage() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
    service.execute(f"CREATE TRIGGER breakage {moment} ON {table} FOR EACH ROW EXECUTE FUNCTION breakage()")
    try:
        yield
    finally:
        service.execute("DROP FUNCTION breakage CASCADE")


@contextmanager
def refusing(service: Service, table: str, moment: str) -> Iterator[None]:
    """Make a table refuse every `INSERT`, `UPDATE` or `DELETE` during the block."""
    with with_trigger(service, table, f"BEFORE {moment}", "RAISE EXCEPTION 'the disk is broken';"):
        yield
