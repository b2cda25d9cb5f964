"""Outages of the database as opposed to errors of a statement (app/database/errors.py)."""

from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from app.database.errors import is_outage
from tests.support.service import Service

OUTAGES = {
    "connection failure": "08006",
    "read-only transaction": "25006",
    "idle in a transaction for too long": "25P03",
    "serialization failure": "40001",
    "deadlock": "40P01",
    "disk full": "53100",
    "too many connections": "53300",
    "lock not available": "55P03",
    "statement cancelled": "57014",
    "administrator's shutdown": "57P01",
    "crash": "57P02",
    "cannot connect now": "57P03",
    "idle for too long": "57P05",
}
REFUSALS = {
    "number out of range": "22003",
    "check violation": "23514",
    "no privilege": "42501",
    "no such table": "42P01",
    "program limit": "54000",
    "object not in the state for it": "55000",
    "a file that cannot be read": "58030",
    "a trigger's own refusal": "P0001",
    "damaged data": "XX001",
}


def error_of(service: Service, statement: str, **values: Any) -> DBAPIError:
    with pytest.raises(DBAPIError) as caught, service.database.autocommit() as connection:
        connection.execute(text(statement), values)
    return caught.value


def server_error(service: Service, state: str) -> DBAPIError:
    return error_of(service, f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$")


@pytest.mark.parametrize("state", OUTAGES.values(), ids=OUTAGES.keys())
def test_server_failures_are_outages(service: Service, state: str) -> None:
    assert is_outage(server_error(service, state))


@pytest.mark.parametrize("state", REFUSALS.values(), ids=REFUSALS.keys())
def test_errors_of_a_statement_are_not_outages(service: Service, state: str) -> None:
    assert not is_outage(server_error(service, state))


def test_a_backend_terminated_during_a_statement_is_an_outage(service: Service) -> None:
    assert is_outage(error_of(service, "SELECT pg_terminate_backend(pg_backend_pid())"))


def test_an_unreachable_server_is_an_outage() -> None:
    with pytest.raises(DBAPIError) as caught:
        create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/none").connect()
    assert is_outage(caught.value)


def test_a_value_refused_by_the_driver_is_not_an_outage(service: Service) -> None:
    assert not is_outage(error_of(service, "SELECT :value", value=object()))
