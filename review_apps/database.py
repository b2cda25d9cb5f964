"""A database for each app, with a role of its own that reaches no other."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812
from psycopg2.extensions import parse_dsn
from psycopg2.sql import SQL, Identifier, Literal


def create(admin_url: str, name: str, password: str, connections: int) -> str:
    """Make the role and the database `name`, unless they exist, and return the address for the app."""
    with _connect(admin_url) as server:
        if not _exists(server, "SELECT FROM pg_roles WHERE rolname = %s", name):
            _run(server, "CREATE ROLE {name}", name)
        role = SQL("ALTER ROLE {name} LOGIN PASSWORD {password} CONNECTION LIMIT {limit}")
        _execute(server, role.format(name=Identifier(name), password=Literal(password), limit=Literal(connections)))
        if not _exists(server, "SELECT FROM pg_database WHERE datname = %s", name):
            _run(server, "CREATE DATABASE {name} OWNER {name}", name)
        # By default everybody may connect to every database.
        _run(server, "REVOKE ALL ON DATABASE {name} FROM PUBLIC", name)
        parts = parse_dsn(server.dsn)
    address = f"{parts.get('host', '127.0.0.1')}:{parts.get('port', '5432')}"
    return f"postgres://{name}:{quote(password)}@{address}/{name}"


def drop(admin_url: str, name: str) -> None:
    """End the sessions of the database and remove it and the role. Idempotent."""
    with _connect(admin_url) as server:
        _run(server, "DROP DATABASE IF EXISTS {name} WITH (FORCE)", name)
        _run(server, "DROP ROLE IF EXISTS {name}", name)


@contextmanager
def _connect(admin_url: str) -> Iterator[Connection]:
    server = psycopg2.connect(admin_url, connect_timeout=10)
    server.autocommit = True  # databases cannot be made in a transaction
    try:
        yield server
    finally:
        server.close()


def _exists(server: Connection, query: str, name: str) -> bool:
    with server.cursor() as cursor:
        cursor.execute(query, (name,))
        return cursor.fetchone() is not None


def _run(server: Connection, statement: str, name: str) -> None:
    _execute(server, SQL(statement).format(name=Identifier(name)))


def _execute(server: Connection, statement: object) -> None:
    with server.cursor() as cursor:
        cursor.execute(statement)  # type: ignore[arg-type]
