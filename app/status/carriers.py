"""Where the status document is kept: a file, Redis and PostgreSQL. One that works is enough."""

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from redis import Redis

from app.database.database import Database
from app.status.document import MAX_BYTES
from app.store.status import documents

FILE_NAME: Final = "status.json"
REDIS_KEY: Final = "status-document"
REDIS_SECONDS: Final = 2.0  # how long Redis may take to respond
_REDIS_LIFETIME_SECONDS: Final = 30 * 86400
_WORLD_READABLE: Final = 0o644


class Carrier(Protocol):
    """A place for one document. Methods raise the errors of the place, such as OSError, RedisError and DBAPIError."""

    @property
    def name(self) -> str:
        """The name for logs."""

    def read(self) -> bytes | None:
        """Return the document, or None if there is none."""

    def write(self, written_at: datetime, body: bytes) -> None:
        """Replace the document."""


@dataclass(frozen=True)
class FileCarrier:
    """A file of a folder, which other users of the host may read."""

    folder: Path
    name: str = "file"

    def read(self) -> bytes | None:
        """Return the document; one that is too long is cut, and then unreadable."""
        try:
            with (self.folder / FILE_NAME).open("rb") as file:
                return file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return None

    def write(self, written_at: datetime, body: bytes) -> None:  # noqa: ARG002 - the file has its own time
        """Replace the file in one step, so that no reader sees a part of it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{FILE_NAME}.", dir=self.folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(body)
                os.fchmod(file.fileno(), _WORLD_READABLE)
            Path(temporary).replace(self.folder / FILE_NAME)
        except OSError:
            with suppress(OSError):
                Path(temporary).unlink()
            raise


@dataclass(frozen=True)
class RedisCarrier:
    """A key in Redis. The client should wait no longer than REDIS_SECONDS."""

    redis: Redis
    name: str = "redis"

    def read(self) -> bytes | None:
        """Return the document; one that is too long is cut, and then unreadable."""
        body = self.redis.getrange(REDIS_KEY, 0, MAX_BYTES)
        return body if isinstance(body, bytes) and body else None

    def write(self, written_at: datetime, body: bytes) -> None:  # noqa: ARG002 - readers compare the documents
        """Replace the value."""
        self.redis.set(REDIS_KEY, body, ex=_REDIS_LIFETIME_SECONDS)


@dataclass(frozen=True)
class DatabaseCarrier:
    """A row in PostgreSQL."""

    database: Database
    name: str = "postgresql"

    def read(self) -> bytes | None:
        """Return the document."""
        with self.database.autocommit() as connection:
            return documents.find(connection)

    def write(self, written_at: datetime, body: bytes) -> None:
        """Replace the row, unless it is newer."""
        with self.database.autocommit() as connection:
            documents.save(connection, written_at, body)
