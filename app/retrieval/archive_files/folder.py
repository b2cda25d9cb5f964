"""Archives in a folder that all processes of the service share."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO, Final

_SUFFIX: Final = ".zip"


class FolderFiles:
    """Archives as files in one folder, which is created if necessary."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def put(self, name: str, content: BinaryIO) -> None:
        """Store a file atomically: it is written to a temporary file, which is then renamed."""
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                shutil.copyfileobj(content, file)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self._path(name))
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def get(self, name: str) -> bytes | None:
        """Return the bytes of a file, or None if it does not exist."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None

    def keep_only(self, names: set[str]) -> None:
        """Delete all other files, including those that an interrupted `put` left."""
        kept = {name + _SUFFIX for name in names}
        for path in self._folder.glob("*"):
            if path.name not in kept and not path.is_dir():  # as lost+found is
                path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / (name + _SUFFIX)
