"""The exposure configuration: files of the service, and an operator's replacements."""

import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from app.domain.errors import ConfigurationError


@dataclass(frozen=True)
class ConfigurationFile:
    """A file as it is served: JSON text and its entity tag."""

    text: str
    etag: str


def load_configuration(replacements: str) -> dict[str, ConfigurationFile]:
    """Return the shipped `*.json` files and those in the folder of replacements, by name without suffix.

    Raises ConfigurationError for a folder or file that cannot be read, or that is not a JSON object: phones silently
    use an old copy instead of such a file, so it must not be served.
    """
    shipped = Path(str(files("app.retrieval") / "exposure_configuration"))
    loaded = {path.stem: _read(path) for path in sorted(shipped.glob("*.json"))}
    if replacements:
        folder = Path(replacements)
        if not folder.is_dir():
            raise ConfigurationError(f"EXPOSURE_CONFIGURATION_PATH: {replacements} is not a folder")
        loaded |= {path.stem: _read(path) for path in sorted(folder.glob("*.json"))}
    return loaded


def _read(path: Path) -> ConfigurationFile:
    try:
        text = path.read_text(encoding="utf-8")
        if not isinstance(json.loads(text), dict):
            raise ValueError("it is not an object")
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"EXPOSURE_CONFIGURATION_PATH: {path.name} cannot be served: {error}") from None
    return ConfigurationFile(text, hashlib.sha256(text.encode()).hexdigest()[:32])
