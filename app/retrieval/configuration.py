"""The exposure configuration: files of the service, and an operator's replacements."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from app.domain.errors import ConfigurationError
from app.domain.exposure_configuration import schema_of


@dataclass(frozen=True)
class ConfigurationFile:
    """A file as it is served: JSON text and its entity tag."""

    text: str
    etag: str


SHIPPED: Final = Path(str(files("app.retrieval") / "exposure_configuration"))


def load_configuration(replacements: str) -> dict[str, ConfigurationFile]:
    """Return the shipped `*.json` files and those in the folder of replacements, by name without suffix.

    Raises ConfigurationError with the first problem of a file that phones would refuse: they would continue with an old
    copy, without a sign to the operator.
    """
    folders = [SHIPPED]
    if replacements:
        folders.append(Path(replacements))
    for folder in folders:
        for problem in find_problems(folder):
            raise ConfigurationError(f"EXPOSURE_CONFIGURATION_PATH: {problem}")
    return {path.stem: _read(path) for folder in folders for path in _files(folder)}


def find_problems(folder: Path) -> Iterator[str]:
    """Yield one line for each problem of a folder's `*.json` files: the file, the field, and what is wrong."""
    if not folder.is_dir():
        yield f"{folder} is not a folder"
        return
    paths = _files(folder)
    if not paths:
        yield f"{folder} has no file whose name ends in .json"
    for path in paths:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            yield f"{path}: cannot be read: {error.strerror}"
        except ValueError as error:
            yield f"{path}: is not JSON: {error}"
        else:
            yield from (f"{path}: {problem}" for problem in schema_of(path.stem).problems(content))


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


def _read(path: Path) -> ConfigurationFile:
    text = path.read_text(encoding="utf-8")
    return ConfigurationFile(text, hashlib.sha256(text.encode()).hexdigest()[:32])
