"""Development secrets: made once, kept in a file that only its owner can read, and never a default in the source."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from app.config.secrets import SECRET_MAKERS, make_claim_token
from processes.files import write_private

_LABEL: Final = "302"
_MAKERS: Final[Mapping[str, Callable[[], str]]] = {
    "KEY_CLAIM_TOKEN": lambda: make_claim_token(_LABEL),
    **SECRET_MAKERS,
}


def load_secrets(path: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return a value for every secret: from the environment, else the file, else a new one, which the file then keeps.

    The environment's values are never written to the file. Raises OSError when the file cannot be read or written.
    """
    kept = _read(path)
    given = {name: environment[name] for name in _MAKERS if environment.get(name)}
    made = {name: make() for name, make in _MAKERS.items() if name not in given and name not in kept}
    if made:
        kept.update(made)
        write_private(path, "".join(f"{name}={value}\n" for name, value in kept.items()))
    elif path.exists():
        path.chmod(0o600)
    return {**kept, **given}


def first_claim_token(secrets_in_use: Mapping[str, str]) -> str:
    """Return the first bearer token of KEY_CLAIM_TOKEN, which is `token=label` pairs joined by `:`."""
    return secrets_in_use["KEY_CLAIM_TOKEN"].split(":")[0].split("=")[0]


def _read(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}
