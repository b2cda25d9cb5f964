"""Masking the secrets of this process in a text, in every form in which they may occur."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.config import Settings
from app.crypto.signing import SIGNING_KEY_BYTES

HIDDEN: Final = "[secret]"

# Shorter texts occur in ordinary words. Only a database password may be shorter.
_MIN_CHARACTERS: Final = 6
# Text that looks like a secret of any kind.
_SUSPICIOUS: Final = re.compile(
    r"(?i)(?P<before>\b(?:bearer|basic) +)[\w.~+/=-]{12,}|(?P<user>://[^\s/:@]*:)[^\s/@]+(?=@)"
)


class Mask:
    """Replaces the secrets of a process in texts."""

    def __init__(self, settings: Settings) -> None:
        secrets = {text for text in _secrets(settings) if len(text) >= _MIN_CHARACTERS}
        # The longest first, so that a secret that contains another is replaced as a whole.
        ordered = sorted(secrets, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered)), re.IGNORECASE) if ordered else None

    def hide(self, text: str) -> str:
        """Return the text with every secret replaced."""
        known = self._pattern.sub(HIDDEN, text) if self._pattern else text
        return _SUSPICIOUS.sub(rf"\g<before>\g<user>{HIDDEN}", known)


def _secrets(settings: Settings) -> Iterator[str]:
    for value in settings.secrets():
        yield from _texts(value)


def _texts(value: Any) -> Iterator[str]:
    """Yield the forms of a secret setting in texts. Raises TypeError for an unknown kind of setting."""
    if value is None:
        return
    if isinstance(value, str):
        yield value
        yield from _parts_of_url(value)
    elif isinstance(value, bytes):
        yield value.hex()
    elif isinstance(value, Mapping):  # labels by token; labels are not secret
        yield from value
    elif isinstance(value, Iterable):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, EllipticCurvePrivateKey):
        yield from _forms_of_key(value)
    else:
        raise TypeError(f"a secret of the type {type(value).__name__}")


def _parts_of_url(text: str) -> Iterator[str]:
    if "://" not in text:
        return
    yield text.partition("://")[2]  # the scheme of a database URL is rewritten
    password = urlsplit(text).password or ""
    yield from (password, unquote(password))


def _forms_of_key(key: EllipticCurvePrivateKey) -> Iterator[str]:
    yield key.private_numbers().private_value.to_bytes(SIGNING_KEY_BYTES, "big").hex()
    for form in (PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8):
        yield key.private_bytes(Encoding.DER, form, NoEncryption()).hex()
