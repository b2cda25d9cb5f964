"""The database roles, read from docs/operations.md, in a separate database."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from psycopg2.errors import InsufficientPrivilege

from app import create_app
from app.config import PORTAL, RETRIEVAL, SHARING, STATUS, SUBMISSION
from app.database.migrations import migrate_database
from app.store.incidents import models as incident_models  # noqa: F401 - for their tables
from app.store.portal import models  # noqa: F401 - for their tables
from app.store.shared_secrets import SharedSecret  # noqa: F401
from app.store.status.models import StatusDay  # noqa: F401
from app.store.tables import metadata
from tests.support.settings import make_settings

DOCUMENT = Path(__file__).parents[2] / "docs" / "operations.md"
SECTION = DOCUMENT.read_text(encoding="utf-8").partition("\n## Database roles\n")[2].partition("\n## ")[0]
SQL = "\n".join(re.findall(r"^```sql\n(.*?)^```$", SECTION, flags=re.DOTALL | re.MULTILINE))
ROLES = dict(re.findall(r"^CREATE ROLE (\w+) LOGIN PASSWORD '([^']+)';$", SQL, flags=re.MULTILINE))
TEST_TOOL = re.findall(r"`([A-Z]+)`\s+on\s+`(\w+)`", SECTION)
ZONES = {surface: (surface, f"worker_{surface}") for surface in (SUBMISSION, RETRIEVAL, PORTAL, SHARING, STATUS)}

TABLES = tuple(table.name for table in metadata.sorted_tables)


@contextmanager
def database_with_roles(database_url: str) -> Iterator[str]:
    """Create a database with the roles; yield the URL of its owner. Both are dropped afterwards."""
    name = "with_roles"
    url = f"{database_url.rpartition('/')[0]}/{name}"
    run_as_owner(database_url, f"CREATE DATABASE {name}")
    try:
        app = create_app(make_settings(url, "redis://127.0.0.1:1/0"))
        migrate_database(app)
        app.context.database.dispose()
        run_as_owner(url, SQL)
        yield url
    finally:
        run_as_owner(database_url, f"DROP DATABASE {name} WITH (FORCE)")
        for role in ROLES:
            run_as_owner(database_url, f"DROP ROLE IF EXISTS {role}")


def run_as_owner(url: str, sql: str) -> None:
    """Run SQL as the owner."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
    finally:
        connection.close()


def url_of(role: str, owner_url: str) -> str:
    """Return the URL of the same database for a role."""
    return re.sub(r"//[^@]+@", f"//{role}:{ROLES[role]}@", owner_url)


def is_refused(cursor: psycopg2.extensions.cursor, sql: str) -> bool:
    """Return whether a statement is refused for lack of a privilege. It changes nothing."""
    try:
        cursor.execute(sql)
    except InsufficientPrivilege:
        return True
    except psycopg2.Error:
        return False  # it was permitted, and failed for another reason
    finally:
        cursor.connection.rollback()
    return False
