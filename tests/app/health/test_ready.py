"""`/services/ready` and the schema of the database."""

from collections.abc import Callable

import pytest
from sqlalchemy import event

from app.database.engine import db
from app.database.schema import head_revision, older_revisions
from tests.guards.test_migrations import revisions
from tests.support.breakage import without_table
from tests.support.service import Service


def migrations(service: Service) -> tuple[int, str]:
    response = service.client.get("/services/ready")
    return response.status_code, response.json["migrations"]


def test_the_revisions_are_those_of_alembic() -> None:
    *older, head = revisions()
    assert (older_revisions(), head_revision()) == (set(older), head)


def test_a_database_that_was_never_migrated_is_not_ready(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    with without_table(service, "alembic_version"):
        assert migrations(service) == (503, "pending")
    record = next(each for each in caplog.records if each.message == "migrations pending")
    assert (record.levelname, record.release) == ("ERROR", "flask --app app db upgrade")
    assert migrations(service) == (200, "current")


@pytest.mark.parametrize(("revision", "state"), [("0001", (503, "pending")), ("9999", (200, "current"))])
def test_an_older_schema_is_not_ready_but_a_newer_one_is(
    service: Service, revision: str, state: tuple[int, str]
) -> None:
    """A release migrates before it replaces the processes that serve."""
    service.execute("UPDATE alembic_version SET version_num = :revision", revision=revision)
    try:
        assert migrations(service) == state
    finally:
        service.execute("UPDATE alembic_version SET version_num = :revision", revision=head_revision())


@pytest.mark.usefixtures("own_pool")
def test_a_schema_that_is_current_is_not_asked_about_again(service: Service) -> None:
    assert migrations(service) == (200, "current")
    statements: list[str] = []
    with service.app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda _c, _d, statement, *_: statements.append(statement))
    assert migrations(service) == (200, "current")
    assert statements == ["SELECT 1"]


def test_a_role_that_may_not_read_the_revision_is_ready(make_service: Callable[..., Service], service: Service) -> None:
    service.execute("DROP ROLE IF EXISTS reader")
    service.execute("CREATE ROLE reader LOGIN PASSWORD 'reader'")
    try:
        owner = service.settings.database_url.partition("@")[2]
        restricted = make_service(DATABASE_URL=f"postgresql://reader:reader@{owner}")
        assert migrations(restricted) == (200, "unknown")
        restricted.database.dispose()
    finally:
        service.execute("DROP ROLE reader")
