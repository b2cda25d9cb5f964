"""The cryptography and the wire format of the simulated phones, against published vectors and the server's code."""

import base64
import io
import json
import zipfile
from collections.abc import Iterator

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from nacl.public import Box, PrivateKey, PublicKey
from playwright.sync_api import Browser, Page

from app.proto import covidshield_pb2 as wire
from tests.browser.conftest import opening
from tests.guards.source import ROOT

DATA = ROOT / "tests" / "clients" / "data"
VECTORS = json.loads((DATA / "gaen_crypto_vectors.json").read_text(encoding="utf-8"))
KINDS = {
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_BYTES: "bytes",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_UINT32: "uint32",
    FieldDescriptor.TYPE_SINT32: "sint32",
    FieldDescriptor.TYPE_FIXED64: "fixed64",
}


@pytest.fixture(scope="module")
def page(browser: Browser, address: str) -> Iterator[Page]:
    """One page for all tests: they only call functions, which keep nothing."""
    with opening(browser, address) as open_page:
        yield open_page("/phone/en")


def call(page: Page, module: str, body: str, argument: object = None) -> object:
    """Run code with a module of the page as `it`, and the helpers for bytes as `bytes`."""
    script = f"""async (given) => {{
        const [it, bytes] = await Promise.all(
            ["{module}", "bytes"].map((name) => import(`/static/review/${{name}}.js`)));
        {body}
    }}"""
    return page.evaluate(script, argument)


def test_keys_identifiers_and_metadata_are_those_of_the_published_vectors(page: Page) -> None:
    body = """
        const [tek, meta] = [bytes.fromHex(given.key), bytes.fromHex(given.metadata)];
        const intervals = Array.from({ length: 144 }, (_, at) => given.start + at);
        const rpis = await it.identifiers(tek, intervals);
        const aems = await Promise.all(rpis.map((rpi) => it.cryptMetadata(tek, rpi, meta)));
        return {
            rpik: bytes.toHex(await it.identifierKey(tek)), aemk: bytes.toHex(await it.metadataKey(tek)),
            rpis: rpis.map(bytes.toHex), aems: aems.map(bytes.toHex), power: it.transmitPower(meta),
        };"""
    given = {
        "key": VECTORS["temporary_exposure_key"],
        "metadata": VECTORS["metadata"],
        "start": VECTORS["interval_number"],
    }
    assert call(page, "exposure", body, given) == {
        "rpik": VECTORS["rpi_key"],
        "aemk": VECTORS["aem_key"],
        "rpis": [each["rpi"] for each in VECTORS["advertised"]],
        "aems": [each["aem"] for each in VECTORS["advertised"]],
        "power": 8,
    }
    assert len(VECTORS["advertised"]) == 144


def test_the_server_decrypts_what_the_page_encrypts(page: Page) -> None:
    server = PrivateKey.generate()
    body = """
        const pair = it.newKeyPair();
        const { nonce, payload } = it.seal(bytes.fromText(given[1]), bytes.fromHex(given[0]), pair.privateKey);
        return [pair.publicKey, nonce, payload].map(bytes.toHex);"""
    sent = call(page, "box", body, [bytes(server.public_key).hex(), "thirteen keys"])
    public_key, nonce, payload = map(bytes.fromhex, sent)  # type: ignore[call-overload]
    assert Box(server, PublicKey(public_key)).decrypt(payload, nonce) == b"thirteen keys"


@pytest.mark.parametrize("archive", ["google_example_export.zip", "android_sample_export.zip"])
def test_an_archive_of_the_public_samples_is_read_and_verified(page: Page, archive: str) -> None:
    zipped = (DATA / archive).read_bytes()
    body = """
        const archive = await it.open(bytes.fromBase64(given));
        return [archive.content.keys.length, archive.content.keys.map((key) => bytes.toHex(key.key_data))];"""
    count, first = call(page, "archive", body, base64.b64encode(zipped).decode())  # type: ignore[misc]
    export = wire.TemporaryExposureKeyExport.FromString(unzipped(zipped)[16:])
    assert (count, first) == (len(export.keys), [key.key_data.hex() for key in export.keys])


def unzipped(zipped: bytes) -> bytes:
    return zipfile.ZipFile(io.BytesIO(zipped)).read("export.bin")


def test_a_truncated_archive_is_rejected(page: Page) -> None:
    zipped = (DATA / "google_example_export.zip").read_bytes()
    body = "return it.unzip(bytes.fromBase64(given)).then(() => 'read', (error) => error.constructor.name);"
    for damaged in (zipped[:-30], zipped[40:], b"<html>", b""):
        assert call(page, "zip", body, base64.b64encode(damaged).decode()) == "ZipError"


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 2**31 - 1, -1, -(2**31)])
def test_numbers_are_encoded_as_the_server_encodes_them(page: Page, number: int) -> None:
    key = wire.TemporaryExposureKey(rolling_start_interval_number=number, days_since_onset_of_symptoms=number)
    body = """
        const { TemporaryExposureKey } = await import("/static/review/schema.js");
        const written = it.encode(TemporaryExposureKey, given);
        return [bytes.toHex(written), it.decode(TemporaryExposureKey, written)];"""
    given = {"rolling_start_interval_number": number, "days_since_onset_of_symptoms": number}
    assert call(page, "protobuf", body, given) == [key.SerializeToString().hex(), given]


def test_the_messages_are_those_of_the_servers_schema(page: Page) -> None:
    body = """
        const kind = ({ type, repeated }) => (repeated ? "repeated " : "") + (type.name ?? type);
        return Object.fromEntries(Object.values(it).map(({ name, fields }) =>
            [name, fields.map((field) => [field.number, field.name, kind(field), field.type.values ?? null])]));"""
    shown = call(page, "schema", body)
    assert isinstance(shown, dict)
    assert len(shown) == 10
    for name, fields in shown.items():
        assert fields == described(wire.DESCRIPTOR.message_types_by_name[name]), name


def described(message: Descriptor) -> list[object]:
    """Return a message's fields as the page's schema has them, in order of their numbers."""
    fields = sorted(message.fields, key=lambda field: field.number)
    return [[field.number, field.name, kind_of(field), values_of(field)] for field in fields]


def kind_of(field: FieldDescriptor) -> str:
    if field.message_type:
        whole = field.message_type.full_name
        name = whole if whole.startswith("google.") else field.message_type.name
    elif field.enum_type:
        name = f"{field.containing_type.name}.{field.enum_type.name}"
    else:
        name = KINDS[field.type]
    return f"repeated {name}" if field.is_repeated else name


def values_of(field: FieldDescriptor) -> dict[str, str] | None:
    if field.enum_type is None:
        return None
    return {str(value.number): value.name for value in field.enum_type.values}
