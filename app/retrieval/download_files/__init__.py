"""Archives as files under the addresses at which phones request them, so that a CDN serves downloads by itself.

The files are in a folder, which a web server serves, or in an S3-compatible bucket. Beside them is a manifest: which
archive was last stored under which path.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol
from urllib.parse import urlsplit

from app.retrieval.download_files.bucket import BucketDownloads
from app.retrieval.download_files.folder import FolderDownloads


class DownloadFiles(Protocol):
    """A place for files. Paths begin with a slash."""

    def put(self, path: str, body: bytes) -> None:
        """Store a file. A reader finds the old or the new one, whole."""

    def delete(self, paths: Iterable[str]) -> None:
        """Delete files, those that do not exist included."""

    def paths(self) -> set[str]:
        """Return the paths of all files."""

    def read_manifest(self) -> Mapping[str, str]:
        """Return the name of the archive under each path, as it was last written; empty if it cannot be read."""

    def write_manifest(self, names: Mapping[str, str]) -> None:
        """Replace the manifest."""


def open_download_files(place: str) -> DownloadFiles:
    """Return the place that a setting names: `file:///folder` or `s3://bucket/prefix`."""
    parts = urlsplit(place)
    if parts.scheme == "s3":
        return BucketDownloads(parts.netloc, parts.path.strip("/"))
    return FolderDownloads(parts.path)
