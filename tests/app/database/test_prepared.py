"""Prepared statements (ADR 0017), and sessions that have lost them."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from app.database import prepared as direct
from app.database.engine import engine_options
from app.database.prepared import PLAN_SECONDS, PreparedExecutor
from app.database.statement import Statement
from app.database.watchdog import Watchdog
from tests.support.service import Service

NUMBER = Statement("SELECT :number ::integer")
NEW = Statement("SELECT 'new'")
PREPARED = Statement("SELECT name, generic_plans FROM pg_prepared_statements ORDER BY prepare_time")
SHARED = "prepared statements disabled: connection pooler detected"


@pytest.fixture
def session(service: Service) -> Iterator[PreparedExecutor]:
    """The database, with one session."""
    engine = create_engine(service.settings.database_url, **engine_options(service.settings) | {"pool_size": 1})
    yield PreparedExecutor(engine, Watchdog(10))
    engine.dispose()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock, which a test can set."""
    time = [1000.0]
    monkeypatch.setattr(direct.time, "monotonic", lambda: time[0])
    return time


def prepared(session: PreparedExecutor) -> dict[str, int]:
    """Return how often each prepared statement of the session was run with its generic plan."""
    return dict(session.execute(PREPARED, {}))


def raw(session: PreparedExecutor, sql: str) -> list[tuple[Any, ...]]:
    """Run SQL in the session unchanged."""
    with closing(session._engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def test_a_statement_is_prepared_once_and_keeps_its_plan(session: PreparedExecutor) -> None:
    for number in range(7):
        assert session.execute(NUMBER, {"number": number}) == [(number,)]
    assert prepared(session)[NUMBER.parts[0].name] == 7


def test_each_part_of_a_statement_has_its_own_name_and_parameters(session: PreparedExecutor) -> None:
    both = Statement("SELECT :number ::integer", "SELECT :text ::text, :number ::integer")
    assert session.execute(both, {"number": 1, "text": "x"}) == [("x", 1)]
    assert {part.name for part in both.parts} <= set(prepared(session))


def test_different_statements_have_different_names() -> None:
    assert NUMBER.parts[0].name != Statement("SELECT :number ::bigint").parts[0].name


def test_a_statement_that_cannot_be_prepared_fails_as_it_would_without(session: PreparedExecutor) -> None:
    with pytest.raises(DBAPIError) as caught:
        session.execute(Statement("SELECT * FROM no_such_table"), {})
    assert caught.value.orig.pgcode == "42P01"
    assert session.execute(NUMBER, {"number": 1}) == [(1,)]


def test_a_failed_statement_remains_prepared(session: PreparedExecutor) -> None:
    quotient = Statement("SELECT 1 / :number ::integer")
    for _ in range(2):
        with pytest.raises(DBAPIError) as caught:
            session.execute(quotient, {"number": 0})
        assert caught.value.orig.pgcode == "22012"
    assert session.execute(quotient, {"number": 1}) == [(1,)]
    assert quotient.parts[0].name in prepared(session)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda session: raw(session, "DEALLOCATE ALL"),
        lambda session: raw(session, NEW.parts[0].prepare_sql),
    ],
    ids=["forgotten", "prepared by another process"],
)
def test_prepared_statements_are_disabled_behind_a_pooler(
    session: PreparedExecutor, spoil: Callable[[PreparedExecutor], None], caplog: pytest.LogCaptureFixture
) -> None:
    session.execute(NUMBER, {"number": 1})
    spoil(session)
    assert session.execute(NUMBER, {"number": 2}) == [(2,)]
    assert session.execute(NEW, {}) == [("new",)]
    assert caplog.messages == [SHARED]
    before = raw(session, "SELECT name FROM pg_prepared_statements")
    assert session.execute(Statement("SELECT 'newer'"), {}) == [("newer",)]
    assert raw(session, "SELECT name FROM pg_prepared_statements") == before
    assert caplog.messages == [SHARED]


def test_a_column_that_a_migration_changes_is_read_in_its_new_type(session: PreparedExecutor) -> None:
    raw(session, "CREATE TEMPORARY TABLE changing AS SELECT 1::integer AS value")
    read = Statement("SELECT value FROM changing")
    assert session.execute(read, {}) == [(1,)]
    raw(session, "ALTER TABLE changing ALTER COLUMN value TYPE text")
    assert session.execute(read, {}) == [("1",)]
    assert session.execute(read, {}) == [("1",)]
    assert read.parts[0].name in prepared(session), "it is prepared again"


def test_plans_are_renewed_as_tables_grow(session: PreparedExecutor, now: list[float]) -> None:
    raw(
        session, "CREATE TEMPORARY TABLE growing AS SELECT 1 AS value; CREATE INDEX ON growing (value); ANALYZE growing"
    )
    find = Statement("SELECT value FROM growing WHERE value = :value")
    name = find.parts[0].name

    def plan() -> str:
        session.execute(find, {"value": 1})
        return "\n".join(line for (line,) in raw(session, f"EXPLAIN EXECUTE {name} (1)"))

    assert "Seq Scan" in plan()
    raw(session, "INSERT INTO growing SELECT generate_series(2, 10000)")
    now[0] += PLAN_SECONDS
    assert "Seq Scan" in plan(), "PostgreSQL keeps its plan"
    now[0] += 1
    assert "Index" in plan()
