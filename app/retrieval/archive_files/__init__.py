"""The storage of built archives: PostgreSQL, a folder, or an S3-compatible bucket.

A file's name is the digest of its content, so a file never changes. The table `export_archives` holds the name of each
current file, and until when it may be served.
"""

from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

from app.database.database import Database
from app.retrieval.archive_files.bucket import BucketFiles
from app.retrieval.archive_files.folder import FolderFiles
from app.retrieval.archive_files.in_database import DatabaseFiles


class ArchiveFiles(Protocol):
    """A storage of archives."""

    def put(self, name: str, content: BinaryIO) -> None:
        """Store a file, from its current position to its end. When this returns, `get` finds it."""

    def get(self, name: str) -> bytes | None:
        """Return the bytes of a file, or None if it does not exist."""

    def keep_only(self, names: set[str]) -> None:
        """Delete all other files."""


def open_archive_files(place: str, database: Database) -> ArchiveFiles:
    """Return the storage that a setting names: `database`, `file:///folder` or `s3://bucket/prefix`."""
    parts = urlsplit(place)
    if parts.scheme == "file":
        return FolderFiles(parts.path)
    if parts.scheme == "s3":
        return BucketFiles(parts.netloc, parts.path.strip("/"))
    return DatabaseFiles(database)
