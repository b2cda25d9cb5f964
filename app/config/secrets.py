"""Random values for the secrets of the service, in the form that each setting expects."""

import secrets
from collections.abc import Callable, Mapping
from typing import Final

from app.crypto.sealing import SEALING_KEY_BYTES
from app.crypto.signing import generate_signing_key

_HMAC_KEY_BYTES: Final = 32
_TOKEN_BYTES: Final = 32

# KEY_CLAIM_TOKEN is not among them: it needs a label, see `make_claim_token`.
SECRET_MAKERS: Final[Mapping[str, Callable[[], str]]] = {
    "ECDSA_KEY": generate_signing_key,
    "METRICS_PASSWORD": lambda: secrets.token_urlsafe(_TOKEN_BYTES),
    "METRICS_TOKEN": lambda: secrets.token_urlsafe(_TOKEN_BYTES),
    "METRICS_USERNAME": lambda: f"metrics-{secrets.token_hex(4)}",
    "PORTAL_SECRET_KEYS": lambda: secrets.token_hex(SEALING_KEY_BYTES),
    "RETRIEVE_HMAC_KEY": lambda: secrets.token_hex(_HMAC_KEY_BYTES),
    "SEALING_KEYS": lambda: secrets.token_hex(SEALING_KEY_BYTES),
    "SECRET_KEY": lambda: secrets.token_hex(_HMAC_KEY_BYTES),
    "SHARING_SECRET_KEY": lambda: secrets.token_hex(_HMAC_KEY_BYTES),
    "TEST_TOOLS_TOKEN": lambda: secrets.token_urlsafe(_TOKEN_BYTES),
}


def make_claim_token(label: str) -> str:
    """Return one `token=label` pair of KEY_CLAIM_TOKEN. URL-safe characters hold neither `:` nor `=`."""
    return f"{secrets.token_urlsafe(_TOKEN_BYTES)}={label}"
