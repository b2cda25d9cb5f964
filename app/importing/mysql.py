"""The public server's database as a source, in one consistent snapshot."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from app.config.parsers import split_url
from app.importing.errors import MissingPackageError, SourceError
from app.importing.tables import Row, SourceTable

try:
    import pymysql
    from pymysql.converters import encoders
    from pymysql.cursors import SSCursor
except ImportError:
    raise MissingPackageError("PyMySQL") from None

BATCH_ROWS: Final = 2_000
_FORM: Final = "mysql://user:password@host:port/database"  # pragma: allowlist secret
_CONNECT_SECONDS: Final = 10

# A slow write in this service must not end the stream: by default the server waits one minute for its client.
_SESSION: Final = (
    "SET SESSION time_zone = '+00:00', net_write_timeout = 3600, wait_timeout = 28800",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)
_TABLES: Final = "SELECT table_name FROM information_schema.tables WHERE table_schema = database()"


class MysqlSource:
    """The tables of an open connection. Everything is read in one transaction, so all tables are consistent."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._tables = {name for (name,) in self._select(_TABLES)}

    def has(self, table: SourceTable) -> bool:
        """Return whether the table exists."""
        return table.name in self._tables

    def originators(self, table: SourceTable) -> Iterator[tuple[str | None, int]]:
        """Yield each originator once. They are compared as bytes: the server's own comparison ignores case."""
        column = f"HEX({table.originator})"
        for value, rows in self._select(f"SELECT {column}, count(*) FROM {table.name} GROUP BY {column}"):  # noqa: S608
            yield (None if value is None else bytes.fromhex(value).decode(errors="replace")), int(rows or 0)

    def rows(self, table: SourceTable) -> Iterator[Row]:
        """Yield all rows, which the server sends on demand."""
        columns = [f"HEX({name})" if name in table.hexadecimal else f"`{name}`" for name in table.columns]
        for row in self._select(f"SELECT {', '.join(columns)} FROM {table.name}"):  # noqa: S608 - names are constants
            yield dict(zip(table.columns, row, strict=True))

    def _select(self, sql: str) -> Iterator[tuple[str | None, ...]]:
        with _readable_errors(), self._connection.cursor(SSCursor) as cursor:
            cursor.execute(sql)
            while rows := cursor.fetchmany(BATCH_ROWS):
                yield from rows


@contextmanager
def open_database(address: str) -> Iterator[MysqlSource]:
    """Connect, and start the snapshot. Raises SourceError."""
    parameters = _parameters(address)
    with _readable_errors():
        connection = pymysql.connect(**parameters)
    try:
        with _readable_errors(), connection.cursor() as cursor:
            for statement in _SESSION:
                cursor.execute(statement)
        yield MysqlSource(connection)
    finally:
        connection.close()


def _parameters(address: str) -> dict[str, Any]:
    """Return the arguments of PyMySQL. Without `ssl_ca`, TLS is used if the server offers it, without verification."""
    try:
        parts = split_url(address)
    except ValueError as error:
        raise SourceError(f"SOURCE {error}") from None
    options = {name: given[-1] for name, given in parse_qs(parts.query, keep_blank_values=True).items()}
    if not parts.hostname or not parts.path.strip("/") or set(options) - {"ssl_ca"} or "" in options.values():
        raise SourceError(f"SOURCE is not {_FORM}, with ?ssl_ca=FILE or nothing")
    tls = {"ssl_verify_cert": True, "ssl_verify_identity": True, **options} if options else {}
    return tls | {
        "host": parts.hostname,
        "port": parts.port or 3306,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": unquote(parts.path.strip("/")),
        "charset": "utf8mb4",
        "connect_timeout": _CONNECT_SECONDS,
        "conv": encoders,  # and no decoders: every value is a text, as in a dump, so one set of readers serves both
    }


@contextmanager
def _readable_errors() -> Iterator[None]:
    try:
        yield
    except (pymysql.MySQLError, OSError, ValueError) as error:
        detail = error.args[-1] if error.args else type(error).__name__
        raise SourceError(f"the public server's database cannot be read: {detail}") from None
