"""A database for each app, with a role of its own that reaches no other."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812
from psycopg2.sql import SQL, Identifier, Literal

from processes.urls import with_database


def create(admin_url: str, role: str, password: str, connections: int, suffix: str = "", app_url: str = "") -> str:
    """Make the role and its database, unless they exist, and return the address for the app.

    The database has the name of the role, and of `suffix` if the app has several. `app_url` is the server's address as
    apps reach it, where that differs.
    """
    name = f"{role}_{suffix}" if suffix else role
    with _connect(admin_url) as server:
        if not _exists(server, "SELECT FROM pg_roles WHERE rolname = %s", role):
            _run(server, "CREATE ROLE {name}", role)
        altered = SQL("ALTER ROLE {name} LOGIN PASSWORD {password} CONNECTION LIMIT {limit}")
        _execute(server, altered.format(name=Identifier(role), password=Literal(password), limit=Literal(connections)))
        if not _exists(server, "SELECT FROM pg_database WHERE datname = %s", name):
            _join(server, role)
            made = SQL("CREATE DATABASE {name} OWNER {role}")
            _execute(server, made.format(name=Identifier(name), role=Identifier(role)))
        # By default everybody may connect to every database.
        _run(server, "REVOKE ALL ON DATABASE {name} FROM PUBLIC", name)
    return with_database(app_url or admin_url, name=name, user=role, password=password)


def drop(admin_url: str, role: str) -> None:
    """End the sessions of the role's databases and remove them and the role. Idempotent."""
    with _connect(admin_url) as server:
        with server.cursor() as cursor:
            # `_` is a wildcard of LIKE.
            cursor.execute(
                "SELECT datname FROM pg_database WHERE datname = %s OR starts_with(datname, %s)", (role, f"{role}_")
            )
            names = [name for (name,) in cursor.fetchall()]
        if names and _exists(server, "SELECT FROM pg_roles WHERE rolname = %s", role):
            _join(server, role)
        for name in names:
            _run(server, "DROP DATABASE IF EXISTS {name} WITH (FORCE)", name)
        _run(server, "DROP ROLE IF EXISTS {name}", role)


def _join(server: Connection, role: str) -> None:
    """Become a member of the role, as only members may give it databases and end its sessions.

    A superuser needs no membership. Since PostgreSQL 16 a role with CREATEROLE administers the roles that it creates,
    but is a member of them only by a grant to itself.
    """
    if _exists(server, "SELECT FROM pg_roles WHERE rolname = current_user AND rolsuper", None):
        return
    if server.server_version >= 160000:
        _run(server, "GRANT {name} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE", role)
    else:
        _run(server, "GRANT {name} TO CURRENT_USER", role)


@contextmanager
def _connect(admin_url: str) -> Iterator[Connection]:
    server = psycopg2.connect(admin_url, connect_timeout=10)
    server.autocommit = True  # databases cannot be made in a transaction
    try:
        yield server
    finally:
        server.close()


def _exists(server: Connection, query: str, name: str | None) -> bool:
    with server.cursor() as cursor:
        cursor.execute(query, (name,) if name is not None else None)
        return cursor.fetchone() is not None


def _run(server: Connection, statement: str, name: str) -> None:
    _execute(server, SQL(statement).format(name=Identifier(name)))


def _execute(server: Connection, statement: object) -> None:
    with server.cursor() as cursor:
        cursor.execute(statement)  # type: ignore[arg-type]
