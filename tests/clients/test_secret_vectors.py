"""The published vectors of docs/sharing.md: both implementations make them, and open each other's envelopes."""

import json
import re
import subprocess
from secrets import token_bytes

import pytest

from app.domain.errors import MalformedEnvelopeError
from app.domain.sharing import Protection, read_header
from clients.secret import envelope, vectors
from clients.secret.content import FILE, TEXT, Content, decode
from clients.secret.envelope import Choices
from clients.secret.errors import EnvelopeError
from tests.support.sharing_node import in_node

PUBLISHED = json.loads(vectors.FILE_OF_VECTORS.read_text(encoding="utf-8"))
SPECIFICATION = vectors.FILE_OF_VECTORS.with_name("sharing.md").read_text(encoding="utf-8")
ENVELOPES = PUBLISHED["envelopes"]
FIXED = {"salt": vectors.CHOICES.salt.hex(), "nonce": vectors.CHOICES.nonce.hex(), "lifetime": 3600}


def test_the_published_file_is_what_the_client_makes() -> None:
    assert vectors.vectors() == PUBLISHED, "python -m clients.secret.vectors renews it"


@pytest.mark.parametrize("published", ENVELOPES, ids=lambda each: f"{each['protection']} {each['kind']}")
def test_node_makes_and_opens_the_published_envelopes(published: dict) -> None:
    secret = PUBLISHED["secret"]
    actions = ("seal_for", "open_answer") if published["protection"] == "request" else ("seal", "open")
    fields = {key: value for key, value in published.items() if key != "envelope"}
    assert in_node(actions[0], secret=secret, **FIXED | fields)["envelope"] == published["envelope"]
    opened = in_node(actions[1], secret=secret, **published)
    assert opened == {name: published[name] for name in ("kind", "name", "data")}


def test_node_derives_the_published_tokens() -> None:
    derived = in_node("tokens", secret=PUBLISHED["secret"], receipt=PUBLISHED["receipt_token"])
    assert derived == {name: PUBLISHED[name] for name in ("locator", "digest", "receipt_digest")}


@pytest.mark.parametrize("published", ENVELOPES, ids=lambda each: f"{each['protection']} {each['kind']}")
def test_the_server_reads_the_published_headers(published: dict) -> None:
    header = read_header(bytes.fromhex(published["envelope"]))
    assert header.kind.value == published["kind"]
    assert header.protection is Protection[published["protection"].upper()]
    assert header.lifetime.total_seconds() == published["lifetime"]


@pytest.mark.parametrize("length", [0, 1, 249, 250, 251, 64_000])
def test_implementations_open_each_others_texts(length: int) -> None:
    content, secret = Content(TEXT, "", b"x" * length), token_bytes(32)
    ours = envelope.seal(content, secret, Choices(300))
    assert in_node("open", secret=secret.hex(), envelope=ours.hex())["data"] == content.data.hex()
    theirs = in_node("seal", secret=secret.hex(), kind=TEXT, name="", data=content.data.hex(), lifetime=300)
    assert envelope.open_envelope(bytes.fromhex(theirs["envelope"]), secret) == content
    assert len(ours) % 256 == (35 + 16) % 256
    read_header(ours)


def test_a_file_of_a_megabyte_is_the_longest() -> None:
    longest = Content(FILE, "n" * 255, b"x" * 1_000_000)
    read_header(envelope.seal(longest, bytes(32), Choices(300)))
    read_header(envelope.seal_for(longest, envelope.new_key_pair().public_key(), Choices(300)))
    for content in (
        Content(FILE, "n", bytes(1_000_001)),
        Content(FILE, "n" * 256, b""),
        Content(TEXT, "", bytes(64_001)),
    ):
        with pytest.raises(EnvelopeError):
            envelope.seal(content, bytes(32), Choices(300))
    text = envelope.seal(Content(TEXT, "", bytes(64_000)), bytes(32), Choices(300))
    with pytest.raises(MalformedEnvelopeError):
        read_header(text[:35] + bytes(256) + text[35:])


@pytest.mark.parametrize("at", range(0, 116, 5))
def test_any_flipped_bit_is_noticed(at: int) -> None:
    text, answer = (bytearray.fromhex(ENVELOPES[number]["envelope"]) for number in (0, -1))
    for flipped in (text, answer):
        flipped[at] ^= 1 << at % 8
    with pytest.raises(EnvelopeError):
        envelope.open_envelope(bytes(text), vectors.SECRET)
    with pytest.raises(EnvelopeError):
        envelope.open_answer(bytes(answer), vectors.own_key(2))
    if at > 2:  # Node is told how an envelope is protected
        with pytest.raises(subprocess.CalledProcessError):
            in_node("open", secret=PUBLISHED["secret"], envelope=text.hex())


def test_another_passphrase_or_key_opens_nothing() -> None:
    sealed = bytes.fromhex(ENVELOPES[2]["envelope"])
    assert envelope.open_envelope(sealed, vectors.SECRET, vectors.PASSPHRASE) == vectors.TEXT_CONTENT
    for secret, passphrase in ((vectors.SECRET, "cafe"), (vectors.SECRET, ""), (bytes(32), vectors.PASSPHRASE)):
        with pytest.raises(EnvelopeError):
            envelope.open_envelope(sealed, secret, passphrase)
    with pytest.raises(EnvelopeError):
        envelope.open_answer(bytes.fromhex(ENVELOPES[-1]["envelope"]), vectors.own_key(3))


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"\0",
        b"\0\0\0\0\0",
        b"\0\0\0\0\0\1",
        b"\xff\xff" + bytes(254),
        b"\0\1\xff" + bytes(253),
        b"\0\0\0\0\0\1\xff" + bytes(249),
        b"\0\0\0\0\0\1a" + bytes(248) + b"\1",
    ],
)
def test_malformed_contents_are_refused(encoded: bytes) -> None:
    with pytest.raises(EnvelopeError):
        decode(TEXT, encoded)


def test_names_of_files_lead_nowhere() -> None:
    names = {"../../etc/passwd": "_.._etc_passwd", "a\u202egpj.exe": "agpj.exe", "..": "secret", "C:\\x": "C__x"}
    assert {name: Content(FILE, name, b"").safe_name for name in names} == names


def test_the_specification_states_the_numbers_of_the_code() -> None:
    stated = set(re.findall(r"\d[\d,]*", SPECIFICATION))
    assert {"600,000", "64,000", "1,000,000", "255", "256"} <= stated
    for purpose in ("locator", "key", "key with passphrase", "answer"):
        assert f"`exposure-alert sharing v1 {purpose}`" in SPECIFICATION
    assert PUBLISHED["links"]["secret"].partition("#")[2][:3] in SPECIFICATION
