"""Results and errors of statements that psycopg2 sends (app/database/prepared.py)."""

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.database.errors import is_outage
from app.database.statement import Statement
from tests.support.service import Service, start_service
from tests.support.settings import make_settings

ADD = "INSERT INTO events (source, identifier, device_type, date, count) VALUES (:source, 'a', 'b', now(), 1)"
ONE = Statement("SELECT 1")


def test_the_rows_of_the_last_statement_are_returned(service: Service) -> None:
    both = Statement("SELECT 1", "SELECT :number ::integer, '%' FROM generate_series(1, 2)")
    assert service.database.prepared.execute(both, {"number": 7}) == [(7, "%"), (7, "%")]


def test_a_statement_is_one_transaction(service: Service) -> None:
    both = Statement(ADD, "SELECT 1 / count(*) FROM events WHERE source <> :source")
    with pytest.raises(DBAPIError):
        service.database.prepared.execute(both, {"source": "x"})
    assert service.database.prepared.execute(Statement("SELECT count(*) FROM events"), {}) == [(0,)]


def test_errors_are_those_of_sqlalchemy(service: Service) -> None:
    with pytest.raises(IntegrityError) as caught:
        service.database.prepared.execute(Statement(f"{ADD} RETURNING NULL", f"{ADD} RETURNING 1"), {"source": None})
    assert caught.value.orig.diag.table_name == "events"
    assert not is_outage(caught.value)


def test_a_server_that_cannot_be_reached_is_an_outage() -> None:
    service = start_service(make_settings("postgresql://nobody@127.0.0.1:1/none", "redis://127.0.0.1:1/0"))
    with pytest.raises(DBAPIError) as caught:
        service.database.prepared.execute(ONE, {})
    assert is_outage(caught.value)


def test_a_lost_connection_is_an_outage_and_is_replaced(service: Service) -> None:
    with pytest.raises(DBAPIError) as caught:
        service.database.prepared.execute(Statement("SELECT pg_terminate_backend(pg_backend_pid())"), {})
    assert caught.value.connection_invalidated
    assert is_outage(caught.value)
    assert service.database.prepared.execute(ONE, {}) == [(1,)]
