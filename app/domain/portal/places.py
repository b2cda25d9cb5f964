"""Places that have a poster, and the text in its QR code."""

import base64
from dataclasses import dataclass
from typing import Final

LOCATION_ID_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
LOCATION_ID_CHARACTERS: Final = 8
MAX_NAME: Final = 65
MAX_ADDRESS: Final = 150
MAX_CITY: Final = 100
CATEGORIES: Final = (
    "arts",
    "community",
    "fitness",
    "food",
    "personal-care",
    "private-event",
    "rented-space",
    "retail",
    "sports",
    "other",
)


@dataclass(frozen=True)
class PlaceDetails:
    """What is registered of a place. Name, address and city identify it; the contact is for the health authority."""

    name: str
    address: str
    city: str
    category: str
    contact_name: str
    contact_email: str
    contact_phone: str


def poster_message(location_id: str, name: str, address: str, city: str) -> bytes:
    """Return what the signature in a poster's QR code covers, as the public service's phones read it."""
    return f"{location_id}\n{name}\n{address}, {city}".encode()


def poster_address(page: str, signed_message: bytes) -> str:
    """Return the address in a poster's QR code.

    `page` opens if the code is scanned without the app. `signed_message`: an Ed25519 signature of 64 bytes, followed by
    the message.
    """
    return f"{page}#{base64.b64encode(signed_message).decode()}"
