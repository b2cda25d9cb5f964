"""Downloads in a folder that a web server serves."""

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

_MANIFEST: Final = ".manifest.json"
_READABLE: Final = 0o644  # for the web server, which runs as another user


class FolderDownloads:
    """Files below one folder, which is created if necessary."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def put(self, path: str, body: bytes) -> None:
        """Store a file atomically: it is written beside its place, and then renamed."""
        target = self._folder / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=".", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())  # a rename alone may survive a loss of power, and leave an empty file
            Path(temporary).chmod(_READABLE)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def delete(self, paths: Iterable[str]) -> None:
        """Delete files, and folders that are then empty."""
        for path in paths:
            target = self._folder / path.lstrip("/")
            target.unlink(missing_ok=True)
            parent = target.parent
            while parent != self._folder and parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()
                parent = parent.parent

    def paths(self) -> set[str]:
        """Return the paths of all files, those that an interrupted `put` left included."""
        files = (path for path in self._folder.rglob("*") if path.is_file() and path.name != _MANIFEST)
        return {f"/{path.relative_to(self._folder)}" for path in files}

    def read_manifest(self) -> Mapping[str, str]:
        """Return the manifest."""
        try:
            names: Mapping[str, str] = json.loads((self._folder / _MANIFEST).read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return names

    def write_manifest(self, names: Mapping[str, str]) -> None:
        """Replace the manifest."""
        self.put(_MANIFEST, json.dumps(names).encode())
