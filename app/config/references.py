"""Secrets that are not in the environment: a setting names the place from which its value is read at the start.

| value | where the secret is |
|---|---|
| `file:///run/secrets/name` | a file, as systemd's credentials and containers' secrets are |
| `aws-secret://name` or `aws-secret://name#field` | AWS Secrets Manager: its text, or one field of its JSON |
| `aws-kms://key#envelope` | encrypted in the setting itself, by `flask secrets encrypt`, under a key of AWS KMS |
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Final

from app.crypto import key_service
from app.domain.errors import KeyServiceError

FILE: Final = "file://"
SECRET: Final = "aws-secret://"  # noqa: S105 - a scheme, not a secret
KMS: Final = "aws-kms://"
_MAX_BYTES: Final = 65_536  # of a file; Secrets Manager has the same limit


def resolve(name: str, raw: str) -> str:
    """Return the value of the secret setting `name`, which is `raw` unless that is a reference.

    Raises ValueError or KeyServiceError, whose text names the place, never the value.
    """
    if raw.startswith(FILE):
        return read_file(Path(raw.removeprefix(FILE)))
    if raw.startswith(SECRET):
        return _read_field(*_halves(raw.removeprefix(SECRET)))
    if raw.startswith(KMS):
        key, envelope = _halves(raw.removeprefix(KMS))
        return key_service.open_setting(key, name, envelope) if envelope else raw
    return raw


def read_file(path: Path) -> str:
    """Return the text of a file without the white space around it. Raises ValueError."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        text = content.decode().strip()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not text in UTF-8") from None
    if len(content) > _MAX_BYTES or not text:
        raise ValueError(f"{path} is empty, or longer than {_MAX_BYTES} bytes")
    return text


def replace(reference: str, value: str) -> None:
    """Store a new value where a reference points. Raises ValueError or KeyServiceError.

    A file is replaced whole, and keeps its owner and permissions.
    """
    if reference.startswith(FILE):
        _replace_file(Path(reference.removeprefix(FILE)), value)
    elif reference.startswith(SECRET):
        name, field = _halves(reference.removeprefix(SECRET))
        if field:
            value = json.dumps(json.loads(key_service.read_secret(name)) | {field: value})
        key_service.write_secret(name, value)
    else:
        raise ValueError(f"is in the environment, where only its owner can change it; use {FILE} or {SECRET}")


def _replace_file(path: Path, value: str) -> None:
    try:
        old = path.stat()
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)  # readable by its owner only
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(value + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.chown(temporary, old.st_uid, old.st_gid)
            Path(temporary).chmod(old.st_mode & 0o777)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ValueError(f"{path} cannot be replaced: {error.strerror}") from None


def _read_field(name: str, field: str) -> str:
    text = key_service.read_secret(name).strip()
    if not field:
        return text
    try:
        value = json.loads(text)[field]
    except (ValueError, KeyError, TypeError):
        raise KeyServiceError(f"{name} is not JSON with the field {field}") from None
    if not isinstance(value, str):
        raise KeyServiceError(f"the field {field} of {name} is not text")
    return value.strip()


def _halves(rest: str) -> tuple[str, str]:
    name, _, detail = rest.partition("#")
    if not name:
        raise ValueError("names no key or secret after ://")
    return name, detail
