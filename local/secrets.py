"""Development secrets: made once, kept in a file that only its owner can read, and never a default in the source."""

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from processes.files import write_private

_LABEL: Final = "302"


def _bearer_token() -> str:
    # 24 bytes are 32 URL-safe characters, without the `:` and `=` that separate tokens and labels.
    return secrets.token_urlsafe(24)


def _key_of_32_bytes() -> str:
    return secrets.token_hex(32)


def _signing_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    # "Traditional OpenSSL" is the library's name for the form of SEC 1, which the public server reads.
    return key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()).hex()


_MAKERS: Final[Mapping[str, Callable[[], str]]] = {
    "KEY_CLAIM_TOKEN": lambda: f"{_bearer_token()}={_LABEL}",
    "RETRIEVE_HMAC_KEY": _key_of_32_bytes,
    "ECDSA_KEY": _signing_key,
    "METRICS_USERNAME": lambda: f"metrics-{secrets.token_hex(4)}",
    "METRICS_PASSWORD": _bearer_token,
    "SECRET_KEY": _key_of_32_bytes,
    "SEALING_KEYS": _key_of_32_bytes,
    "TEST_TOOLS_TOKEN": _bearer_token,
}


def load_secrets(path: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return a value for every secret: the environment's, else the file's, else a new one, which the file then keeps.

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
