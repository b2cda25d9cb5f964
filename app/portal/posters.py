"""Posters: a page to print, with the QR code that phones scan on arrival (ADR 0031)."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

import segno
from nacl.encoding import RawEncoder
from nacl.signing import SigningKey

from app.domain.portal.places import poster_address, poster_message
from app.portal.places import RegisteredPlace
from app.web.i18n import LANGUAGES, load_catalogue

_TEMPLATE: Final = Path(__file__).parents[1] / "templates" / "portal" / "places" / "poster.typ"
_GROUP: Final = "portal"
_TEXTS: Final = (
    "poster.title",
    "poster.scan",
    "poster.how",
    "poster.privacy",
    "poster.no_app",
    "poster.alternative",
)
# Printed codes are soiled and creased: 15 % of the modules may be unreadable.
_ERROR_CORRECTION: Final = "m"
_QUIET_ZONE_MODULES: Final = 4  # ISO/IEC 18004


class Posters:
    """Makes posters, whose codes are signed with one key: phones have its public key."""

    def __init__(self, seed: bytes, page: str) -> None:
        """Use the seed of an Ed25519 key, and the address of the page that opens without the app."""
        self._key = SigningKey(seed)
        self._page = page

    @property
    def public_key(self) -> bytes:
        """The key with which phones verify posters, 32 bytes."""
        return self._key.verify_key.encode(RawEncoder)

    @property
    def seed(self) -> bytes:
        """The seed of the key that signs, 32 bytes, which is secret."""
        return bytes(self._key)

    def address(self, place: RegisteredPlace) -> str:
        """Return the address in the QR code of a place."""
        details = place.details
        message = poster_message(place.location_id, details.name, details.address, details.city)
        return poster_address(self._page, bytes(self._key.sign(message)))

    def pdf(self, place: RegisteredPlace) -> bytes:
        """Return the poster of a place: letter size, both languages, PDF/UA-1, which assistive technology can read."""
        import typst  # 25 MB of memory, which only posters need

        compiler = typst.Compiler(
            _TEMPLATE, root=_TEMPLATE.parent, ignore_system_fonts=True, sys_inputs=self._inputs(place)
        )
        return cast("bytes", compiler.compile(format="pdf", pdf_standards=["ua-1"]))

    def _inputs(self, place: RegisteredPlace) -> dict[str, str]:
        """Return what the template shows. The jurisdiction's first language is the first on the page."""
        first = place.jurisdiction.first_language
        second = next(language for language in LANGUAGES if language != first)
        details = place.details
        values = {
            "qr": _qr_code(self.address(place)),
            "name": details.name,
            "address": f"{details.address}, {details.city}",
            "location": place.location_id,
        }
        return values | _texts("first", first, values) | _texts("second", second, values)


def _texts(position: str, language: str, values: Mapping[str, str]) -> dict[str, str]:
    texts = load_catalogue(_GROUP, language)
    place = {"name": values["name"], "address": values["address"]}
    return {
        f"{position}-language": language,
        **{f"{position}-{key.partition('.')[2]}": texts(key, **place) for key in _TEXTS},
    }


def _qr_code(address: str) -> str:
    """Return the QR code of an address as SVG."""
    buffer = io.BytesIO()
    segno.make(address, error=_ERROR_CORRECTION, micro=False, boost_error=False).save(
        buffer, kind="svg", border=_QUIET_ZONE_MODULES, light="#ffffff", xmldecl=False, scale=4
    )
    return buffer.getvalue().decode()
