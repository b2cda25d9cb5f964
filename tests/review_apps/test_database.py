"""The database of an app on a server of one's own, and addresses of databases (review_apps/database.py)."""

import secrets
from collections.abc import Iterator

import psycopg2
import pytest
from psycopg2.extensions import parse_dsn
from sqlalchemy import make_url

from processes.urls import hidden_parts, with_database
from review_apps import database


@pytest.fixture
def owner(database_url: str) -> Iterator[str]:
    """The address of a role that may make databases and roles, and is no superuser, as on a managed server."""
    name = f"owner_{secrets.token_hex(4)}"
    server = psycopg2.connect(database_url)
    server.autocommit = True
    try:
        with server.cursor() as cursor:
            cursor.execute(f"CREATE ROLE {name} LOGIN CREATEDB CREATEROLE PASSWORD 'p@ss/word'")
            yield with_database(database_url, name="postgres", user=name, password="p@ss/word")
            cursor.execute(f"DROP ROLE {name}")
    finally:
        server.close()


def value(address: str, query: str) -> object:
    connection = psycopg2.connect(address)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone()
    finally:
        connection.close()


def test_a_role_that_is_no_superuser_makes_and_removes_databases(owner: str) -> None:
    role = f"review_{secrets.token_hex(4)}"
    address = database.create(owner, role, "secret", 5)
    assert database.create(owner, role, "secret", 5) == address
    assert value(address, "SELECT current_user::text, current_database()::text") == (role, role)
    second = database.create(owner, role, "secret", 5, "events")
    session = psycopg2.connect(second)  # of the app, which does not end by itself
    database.drop(owner, role)
    database.drop(owner, role)
    session.close()
    for names in ("SELECT array_agg(datname) FROM pg_database", "SELECT array_agg(rolname) FROM pg_roles"):
        assert role not in str(value(owner, names))


@pytest.mark.parametrize(
    ("admin", "expected"),
    [
        ("postgresql://u:p@db.example.org/x", "postgres://me:s%40%2F@db.example.org:5432/mine"),
        ("postgresql://u:p@[2001:db8::1]:6432/x", "postgres://me:s%40%2F@[2001:db8::1]:6432/mine"),
        (
            "postgresql://u:p@db/x?sslmode=verify-full&sslrootcert=/etc/ca.pem",
            "postgres://me:s%40%2F@db:5432/mine?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem",
        ),
        ("postgresql://u:p@/x?host=/run/postgresql", "postgres://me:s%40%2F@/mine?host=%2Frun%2Fpostgresql"),
        ("postgresql://%2Frun%2Fpostgresql/x", "postgres://me:s%40%2F@/mine?host=%2Frun%2Fpostgresql"),
        (
            "postgresql://u:p@one:5432,two:5433/x?target_session_attrs=read-write",
            "postgres://me:s%40%2F@/mine?host=one%2Ctwo&port=5432%2C5433&target_session_attrs=read-write",
        ),
        ("postgresql://u:p@db/x?sslcert=mine.crt&sslkey=mine.key", "postgres://me:s%40%2F@db:5432/mine"),
    ],
)
def test_the_address_of_another_database_keeps_hosts_and_parameters(admin: str, expected: str) -> None:
    address = with_database(admin, name="mine", user="me", password="s@/")
    assert address == expected
    before, after = parse_dsn(admin), parse_dsn(address)
    own = {"user", "password", "dbname", "port", "sslcert", "sslkey"}
    assert {k: v for k, v in before.items() if k not in own} == {k: v for k, v in after.items() if k not in own}
    url = make_url(address.replace("postgres://", "postgresql+psycopg2://"))
    assert (url.username, url.password, url.database) == ("me", "s@/", "mine")


def test_the_password_of_an_address_is_hidden_in_every_form() -> None:
    assert sorted(hidden_parts("postgres://u:a%40b@[::1]:5432/x?sslmode=require")) == ["a%40b", "a@b"]
    assert hidden_parts("redis://127.0.0.1:1/0") == []
    assert hidden_parts("short") == []
