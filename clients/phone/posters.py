"""The QR code of a poster: an address, after whose `#` is what the health authority signed.

A phone accepts a code of one host, with a signature by one Ed25519 key; anyone could print any other.
"""

import base64
from dataclasses import dataclass
from urllib.parse import urlsplit

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from clients.phone.errors import PosterError

LOCATION_ID_CHARACTERS = 8
_SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a poster."""

    location_id: str
    name: str
    address: str


def read_poster(scanned: str, host: str, public_key: bytes) -> Place:
    """Return the place of a scanned code, or raise PosterError. `public_key`: 32 bytes."""
    parts = urlsplit(scanned)
    if parts.scheme != "https" or parts.hostname != host:
        raise PosterError(f"the code is not an https address of {host}")
    try:
        signed = base64.b64decode(parts.fragment, validate=True)
        if len(signed) <= _SIGNATURE_BYTES:
            raise PosterError("the code has no signed text")
        message = VerifyKey(public_key).verify(signed).decode()
    except ValueError:
        raise PosterError("the code is not base64 of a text") from None
    except BadSignatureError:
        raise PosterError("the signature of the code does not verify") from None
    location_id, _, rest = message.partition("\n")
    name, separator, address = rest.partition("\n")
    if len(location_id) != LOCATION_ID_CHARACTERS or not separator:
        raise PosterError("the code does not name a place")
    return Place(location_id, name, address)
