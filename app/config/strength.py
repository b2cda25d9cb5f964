"""Whether secrets look random. A setting's parser checks its form, which `00…01` satisfies too."""

import re
from collections.abc import Iterator
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from app.config.common import PORTAL, RETRIEVAL, SHARING, SUBMISSION
from app.config.retrieval import RetrievalSettings
from app.config.settings import Settings

# Of 32 random bytes about 30 are different, and fewer than 20 in one case of 10^12.
_DIFFERENT_BYTES: Final = 20
# A text of 20 random letters and digits has at least 10 different ones, except in one case of 10^4.
_DIFFERENT_CHARACTERS: Final = 10
_MIN_PASSWORD_CHARACTERS: Final = 16


def weak_secrets(settings: Settings) -> list[str]:
    """Return the names of the secret settings that look guessable, or that share a value with another one."""
    weak: list[str] = []
    seen: dict[str, str] = {}
    for name, value in (*_common_secrets(settings), *_secrets(settings)):
        if not _is_strong(value) or seen.setdefault(value, name) != name:
            weak.append(name)
    return sorted(set(weak))


def _common_secrets(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the secrets that any process may have."""
    if settings.metrics_token is not None:
        yield "METRICS_TOKEN", settings.metrics_token


def _secrets(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the name and the value of each secret, as text; bytes in hexadecimal."""
    if settings.serves(SUBMISSION):
        submission = settings.submission
        yield "SECRET_KEY", submission.secret_key.hex()
        for key in submission.sealing_keys:
            yield "SEALING_KEYS", key.hex()
        for token in submission.key_claim_token:
            yield "KEY_CLAIM_TOKEN", token
        if submission.test_tools_token:
            yield "TEST_TOOLS_TOKEN", submission.test_tools_token
    if settings.serves(PORTAL):
        for key in settings.portal.portal_secret_keys:
            yield "PORTAL_SECRET_KEYS", key.hex()
    if settings.serves(SHARING):
        yield "SHARING_SECRET_KEY", settings.sharing.sharing_secret_key.hex()
        for token in settings.sharing.sharing_tokens or ():
            yield "SHARING_TOKENS", token
    if settings.serves(RETRIEVAL):
        yield from _secrets_of_retrieval(settings.retrieval)


def _secrets_of_retrieval(retrieval: RetrievalSettings) -> Iterator[tuple[str, str]]:
    yield "RETRIEVE_HMAC_KEY", retrieval.retrieve_hmac_key.hex()
    if isinstance(retrieval.ecdsa_key, EllipticCurvePrivateKey):  # otherwise KMS holds it
        yield "ECDSA_KEY", f"{retrieval.ecdsa_key.private_numbers().private_value:064x}"
    yield "METRICS_PASSWORD", retrieval.metrics_password


def _is_strong(value: str) -> bool:
    if re.fullmatch(r"(?:[0-9a-f]{2}){32,}", value):
        return len(set(bytes.fromhex(value))) >= _DIFFERENT_BYTES
    return len(value) >= _MIN_PASSWORD_CHARACTERS and len(set(value)) >= _DIFFERENT_CHARACTERS
