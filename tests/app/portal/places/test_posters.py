"""Posters, as a printer renders them, a phone scans them and assistive technology reads them."""

import base64
import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pikepdf
import pypdfium2
import pytest
import zxingcpp
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey

from app.domain.portal.jurisdictions import JURISDICTIONS
from app.domain.portal.places import MAX_ADDRESS, MAX_CITY, MAX_NAME, PlaceDetails
from app.portal.places import RegisteredPlace
from app.portal.posters import Posters
from clients.phone.errors import PosterError
from clients.phone.posters import Place, read_poster
from tests.support.places import DETAILS, officer, register, switch_on
from tests.support.service import Service

SEED = bytes(range(32))
PAGE = "https://alpha.canada.ca/covid-alert.html"
HOST = "alpha.canada.ca"
NOW = datetime(2026, 7, 1, tzinfo=UTC)
POSTERS = Posters(SEED, PAGE)
# The longest texts, of letters that need two bytes each.
LONGEST = replace(DETAILS, name="É" * MAX_NAME, address="Avenue " + "é" * (MAX_ADDRESS - 7), city="ç" * MAX_CITY)
MARKUP = replace(DETAILS, name="#panic() *Café* $x$ @y \\ [z]", address='`1` "Main" <b> _St_', city="//Ottawa")


def poster_of(details: PlaceDetails = DETAILS, code: str = "ON") -> bytes:
    """Return the poster of a place."""
    return POSTERS.pdf(RegisteredPlace(1, "aB3dE6gH", JURISDICTIONS[code], details, NOW))


def scan(pdf: bytes, dots_per_inch: int = 150) -> str:
    """Print a poster at a resolution, and return what a scanner of QR codes reads."""
    with pypdfium2.PdfDocument(pdf) as document:
        image = document[0].render(scale=dots_per_inch / 72).to_pil()
    # In one of 400 random codes, the library also finds a bar code of lines.
    (found,) = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
    return str(found.text)


@pytest.mark.parametrize("details", [DETAILS, LONGEST, MARKUP], ids=["usual", "longest", "markup"])
@pytest.mark.parametrize("dots_per_inch", [100, 300])
def test_the_reference_phone_reads_and_verifies_the_printed_code(details: PlaceDetails, dots_per_inch: int) -> None:
    scanned = scan(poster_of(details), dots_per_inch)
    place = read_poster(scanned, HOST, POSTERS.public_key)
    assert place == Place("aB3dE6gH", details.name, f"{details.address}, {details.city}")


def test_the_code_is_exactly_what_phones_of_the_public_service_expect() -> None:
    scanned = scan(poster_of())
    message = "aB3dE6gH\nCafé Été\n120 Main Street, Ottawa".encode()
    signature = SigningKey(SEED).sign(message).signature
    page, _, fragment = scanned.partition("#")
    assert page == PAGE
    assert base64.b64decode(fragment, validate=True) == signature + message


@pytest.mark.parametrize("damage", range(3))
def test_a_code_that_is_partly_covered_is_still_read(damage: int) -> None:
    with pypdfium2.PdfDocument(poster_of()) as document:
        image = document[0].render(scale=150 / 72).to_pil()
    whole = scan(poster_of())
    width, height = image.size
    left, top = int(width * (0.4 + 0.05 * damage)), int(height * 0.45)
    image.paste("white", (left, top, left + 40, top + 40))
    assert [found.text for found in zxingcpp.read_barcodes(image)] == [whole]


@pytest.mark.parametrize(
    "change",
    [
        lambda scanned: scanned.replace("https:", "http:"),
        lambda scanned: scanned.replace(HOST, "evil.example"),
        lambda scanned: scanned.replace(HOST, f"{HOST}@evil.example"),
        lambda scanned: scanned.partition("#")[0],
        lambda scanned: scanned[:-4],
        lambda scanned: scanned.replace("#", "#A", 1),
        lambda scanned: scanned.partition("#")[0] + "#" + "A" * 84,
        lambda scanned: scanned.partition("#")[0] + "#é",
    ],
)
def test_the_reference_phone_refuses_any_other_code(change: Any) -> None:
    with pytest.raises(PosterError):
        read_poster(change(scan(poster_of())), HOST, POSTERS.public_key)


def test_the_reference_phone_refuses_the_signature_of_another_key() -> None:
    with pytest.raises(PosterError, match="does not verify"):
        read_poster(scan(poster_of()), HOST, Posters(bytes(32), PAGE).public_key)
    with pytest.raises(BadSignatureError):
        SigningKey(bytes(32)).verify_key.verify(SigningKey(SEED).sign(b"x"))


@pytest.mark.parametrize(("code", "language", "title"), [("ON", "en-CA", "Poster: "), ("QC", "fr-CA", "Affiche")])
def test_a_poster_is_one_accessible_page_of_letter_size(code: str, language: str, title: str) -> None:
    with pikepdf.open(io.BytesIO(poster_of(LONGEST, code))) as pdf:
        assert len(pdf.pages) == 1
        assert [float(each) for each in pdf.pages[0].MediaBox] == [0, 0, 612, 792]
        assert str(pdf.Root.Lang) == language
        assert bool(pdf.Root.MarkInfo.Marked)
        assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
        with pdf.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
            assert str(metadata["dc:title"]).startswith(title)


def elements(node: Any) -> list[Any]:
    """Return the elements of a tree of structure, in reading order."""
    if not isinstance(node, pikepdf.Dictionary):
        return []
    children = node.get("/K", [])
    below = list(children) if isinstance(children, pikepdf.Array) else [children]
    return [node, *(element for child in below for element in elements(child))]


def test_assistive_technology_finds_headings_the_code_and_the_language_of_each_part() -> None:
    with pikepdf.open(io.BytesIO(poster_of())) as pdf:
        found = elements(pdf.Root.StructTreeRoot)
        kinds = [str(element.S) for element in found if "/S" in element]
        assert kinds.count("/H1") == 1
        assert kinds.count("/H2") == 1
        (figure,) = [element for element in found if element.get("/S") == "/Figure"]
        assert str(figure.Alt) == (
            "QR code of Café Été, 120 Main Street, Ottawa, for the exposure notification app. "
            "Code QR du lieu «\N{NO-BREAK SPACE}Café Été\N{NO-BREAK SPACE}», 120 Main Street, Ottawa, "
            "pour l’application de notification d’exposition."
        )
        languages = {str(element.Lang) for element in found if "/Lang" in element}
        assert any(language.startswith("fr") for language in languages)


def test_both_languages_and_the_place_are_on_the_poster() -> None:
    with pypdfium2.PdfDocument(poster_of(MARKUP)) as document:
        text = " ".join(document[0].get_textpage().get_text_bounded().split())
    for part in ("Scan this code", "Balayez ce code", MARKUP.name, "aB3dE6gH"):
        assert part in text


def test_the_page_of_a_place_leads_to_its_poster(portal: Service) -> None:
    switch_on(portal, "ON")
    place, visitor = register(portal), officer(portal)
    assert f"/en/places/{place.id}/poster" in visitor.get(f"/en/places/{place.id}").text
    response = visitor.get(f"/fr/places/{place.id}/poster")
    assert response.content_type == "application/pdf"
    assert response.headers["Content-Disposition"] == f'inline; filename="poster-{place.location_id}.pdf"'
    key = portal.app.context.portal.posters.public_key
    assert read_poster(scan(response.data), HOST, key).location_id == place.location_id


@pytest.mark.parametrize("seed", ["11" * 32, "ERERERERERERERERERERERERERERERERERERERERERE="])
def test_key_and_address_of_posters_can_be_set(make_service: Any, seed: str) -> None:
    service = make_service(
        SURFACES="submission,portal", QR_SIGNATURE_KEY=seed, QR_ADDRESS="https://example.org/scan?x=1"
    )
    posters = service.app.context.portal.posters
    assert posters.public_key == bytes(SigningKey(b"\x11" * 32).verify_key)
    place = RegisteredPlace(1, "aB3dE6gH", JURISDICTIONS["ON"], DETAILS, NOW)
    assert urlsplit(posters.address(place)).query == "x=1"


def test_the_public_key_is_printed_for_those_who_build_the_app(portal: Service) -> None:
    result = portal.app.test_cli_runner().invoke(args=["portal", "poster-key"])
    assert base64.b64decode(result.output) == portal.app.context.portal.posters.public_key


def test_posters_remain_valid_when_the_derived_key_is_kept_and_the_secret_replaced(make_service: Any) -> None:
    first = make_service(SURFACES="submission,portal").app
    seed = first.test_cli_runner().invoke(args=["portal", "poster-key", "--seed"]).output.strip()
    kept = make_service(SURFACES="submission,portal", QR_SIGNATURE_KEY=seed, PORTAL_SECRET_KEYS="ee" * 32)
    assert kept.app.context.portal.posters.public_key == first.context.portal.posters.public_key


def test_the_key_of_posters_survives_a_new_secret_in_front(make_service: Any) -> None:
    first = make_service(SURFACES="submission,portal").app.context.portal.posters.public_key
    renewed = make_service(SURFACES="submission,portal", PORTAL_SECRET_KEYS=f"{'ee' * 32},{'dd' * 32}")
    assert renewed.app.context.portal.posters.public_key == first
