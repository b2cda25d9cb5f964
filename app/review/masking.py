"""Keeps the secrets of this process out of a text, in every form in which a text may hold them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.config import Settings
from app.crypto.signing import SIGNING_KEY_BYTES

HIDDEN: Final = "[secret]"

# A shorter text would be found in innocent words; no secret but a database's password may be as short.
_SHORTEST: Final = 6
# What looks like a secret, whosever it is.
_TELLING: Final = re.compile(
    r"(?i)(?P<before>\b(?:bearer|basic) +)[\w.~+/=-]{12,}|(?P<user>://[^\s/:@]*:)[^\s/@]+(?=@)"
)


class Mask:
    """Replaces secrets."""

    def __init__(self, settings: Settings) -> None:
        secrets = {text for text in _secrets(settings) if len(text) >= _SHORTEST}
        # The longest first, so that nothing is left of one that contains another.
        ordered = sorted(secrets, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered)), re.IGNORECASE) if ordered else None

    def hide(self, text: str) -> str:
        """Return the text with every secret replaced."""
        known = self._pattern.sub(HIDDEN, text) if self._pattern else text
        return _TELLING.sub(rf"\g<before>\g<user>{HIDDEN}", known)


def _secrets(settings: Settings) -> Iterator[str]:
    for described in fields(settings):
        if described.metadata["secret"]:
            yield from _texts(getattr(settings, described.name))


def _texts(value: Any) -> Iterator[str]:
    """Yield a setting as it may stand in a text. Raises TypeError for a kind of setting that it does not know."""
    if value is None:
        return
    if isinstance(value, str):
        yield value
        yield from _parts_of_address(value)
    elif isinstance(value, bytes):
        yield value.hex()
    elif isinstance(value, Mapping):  # tokens and their labels, which are no secrets
        yield from value
    elif isinstance(value, Iterable):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, EllipticCurvePrivateKey):
        yield from _forms_of_key(value)
    else:
        raise TypeError(f"a secret of the type {type(value).__name__}")


def _parts_of_address(text: str) -> Iterator[str]:
    if "://" not in text:
        return
    yield text.partition("://")[2]  # the scheme of a database's address is not as it was given
    password = urlsplit(text).password or ""
    yield from (password, unquote(password))


def _forms_of_key(key: EllipticCurvePrivateKey) -> Iterator[str]:
    yield key.private_numbers().private_value.to_bytes(SIGNING_KEY_BYTES, "big").hex()
    for form in (PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8):
        yield key.private_bytes(Encoding.DER, form, NoEncryption()).hex()
