"""Where the bytes of built archives are kept: in PostgreSQL, in a folder, or in an S3-compatible bucket.

A file's name is the digest of its content, so a file never changes, and every process that has a name has its bytes.
Which name is current, and until when, stands in the table `export_archives`.
"""

from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

from app.retrieval.archive_files.bucket import BucketFiles
from app.retrieval.archive_files.folder import FolderFiles
from app.retrieval.archive_files.in_database import DatabaseFiles
from app.database.database import Database


class ArchiveFiles(Protocol):
    """The small interface behind which archives are kept."""

    def put(self, name: str, content: BinaryIO) -> None:
        """Keep a file, from its present position to its end. Once this returns, `get` finds it."""

    def get(self, name: str) -> bytes | None:
        """Return a file's bytes, or None if there is no such file."""

    def keep_only(self, names: set[str]) -> None:
        """Delete every other file."""


def open_archive_files(place: str, database: Database) -> ArchiveFiles:
    """Return the place that a setting names: `database`, `file:///folder` or `s3://bucket/prefix`."""
    parts = urlsplit(place)
    if parts.scheme == "file":
        return FolderFiles(parts.path)
    if parts.scheme == "s3":
        return BucketFiles(parts.netloc, parts.path.strip("/"))
    return DatabaseFiles(database)
