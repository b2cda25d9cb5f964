"""The bytes of archives, if they are stored in the database."""

from collections.abc import Iterator

from sqlalchemy import Connection, text

_ADD = text("INSERT INTO export_archive_parts (name, part, content) VALUES (:name, :part, :content)")
_DELETE = text("DELETE FROM export_archive_parts WHERE name = :name")
_PARTS = text("SELECT content FROM export_archive_parts WHERE name = :name ORDER BY part")
_KEEP_ONLY = text("DELETE FROM export_archive_parts WHERE name <> ALL (:names)")


def add(connection: Connection, name: str, part: int, content: bytes) -> None:
    """Store one part of a file."""
    connection.execute(_ADD, {"name": name, "part": part, "content": content})


def delete(connection: Connection, name: str) -> None:
    """Delete a file, if it exists."""
    connection.execute(_DELETE, {"name": name})


def parts_of(connection: Connection, name: str) -> Iterator[bytes]:
    """Yield the parts of a file in order; nothing if it does not exist."""
    for row in connection.execute(_PARTS, {"name": name}, execution_options={"yield_per": 1}):
        yield bytes(row.content)


def keep_only(connection: Connection, names: set[str]) -> None:
    """Delete all other files."""
    connection.execute(_KEEP_ONLY, {"names": sorted(names)})
