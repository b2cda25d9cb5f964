"""Reading export archives: recorded ones from two other servers, and forged ones."""

from itertools import product

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from clients.phone import archive
from clients.phone import exposure_pb2 as pb
from clients.phone.crypto import DailyKey, new_key
from clients.phone.errors import BadArchiveError

KEYS = [new_key(2_650_000 - 144 * day) for day in range(3)]


@pytest.mark.parametrize(
    ("name", "keys", "start", "end"),
    [
        ("android_sample_export.zip", 140, 1_593_633_600, 1_593_633_900),
        ("google_example_export.zip", 2, 1_590_159_600, 1_590_246_000),
    ],
)
def test_an_archive_of_another_server_is_read_with_its_key(recorded, sample_public_keys, name, keys, start, end):
    public_key = archive.load_public_key(sample_public_keys[name])

    opened = archive.read(recorded(name), public_key)

    assert (len(opened.keys), opened.start, opened.end, opened.region) == (keys, start, end, "US")


def test_an_archive_of_another_server_is_refused_with_the_wrong_key(recorded, sample_public_keys):
    public_key = archive.load_public_key(sample_public_keys["google_example_export.zip"])

    with pytest.raises(BadArchiveError, match="no signature"):
        archive.read(recorded("android_sample_export.zip"), public_key)


def test_the_keys_of_an_archive_come_back_in_the_order_of_the_file(signer):
    opened = archive.read(signer.archive(KEYS), signer.public_key)

    assert [published.key for published in opened.keys] == KEYS
    assert {published.risk_level for published in opened.keys} == {1}


def test_an_archive_without_keys_is_whole(signer):
    assert archive.read(signer.archive(), signer.public_key).keys == ()


def test_every_changed_byte_of_the_keys_breaks_the_signature(signer):
    export = signer.export(KEYS)
    signature = signer.signature(export)

    for at in range(len(export)):
        changed = export[:at] + bytes([export[at] ^ 1]) + export[at + 1 :]
        with pytest.raises(BadArchiveError):
            archive.read(signer.zipped({"export.bin": changed, "export.sig": signature}), signer.public_key)


def test_the_signature_must_cover_the_header_too(signer):
    export = signer.export(KEYS)
    signature = signer.signature(export[16:])

    with pytest.raises(BadArchiveError, match="no signature"):
        archive.read(signer.zipped({"export.bin": export, "export.sig": signature}), signer.public_key)


def test_a_signature_of_another_algorithm_is_not_one_of_the_archive(signer):
    export = signer.export(KEYS)
    signatures = pb.TEKSignatureList.FromString(signer.signature(export))
    signatures.signatures[0].signature_info.signature_algorithm = "1.2.840.10045.4.3.3"
    files = {"export.bin": export, "export.sig": signatures.SerializeToString()}

    with pytest.raises(BadArchiveError, match="no signature"):
        archive.read(signer.zipped(files), signer.public_key)


def test_files_that_are_no_messages_are_a_bad_archive(signer):
    junk = archive.HEADER + b"\xff"

    with pytest.raises(BadArchiveError, match="not an export of keys"):
        archive.read(signer.zipped({"export.bin": junk, "export.sig": signer.signature(junk)}), signer.public_key)
    with pytest.raises(BadArchiveError, match="not a list of signatures"):
        archive.read(signer.zipped({"export.bin": junk, "export.sig": b"\xff"}), signer.public_key)


def test_a_signed_file_without_the_header_is_refused(signer):
    export = signer.export(KEYS)[16:]

    with pytest.raises(BadArchiveError, match="header"):
        archive.read(signer.zipped({"export.bin": export, "export.sig": signer.signature(export)}), signer.public_key)


@pytest.mark.parametrize("missing", ["export.bin", "export.sig"])
def test_an_archive_that_lacks_a_file_is_refused(signer, missing):
    export = signer.export(KEYS)
    files = {"export.bin": export, "export.sig": signer.signature(export)}
    del files[missing]

    with pytest.raises(BadArchiveError, match="holds"):
        archive.read(signer.zipped(files), signer.public_key)


def test_an_archive_whose_files_are_in_a_folder_is_refused(signer):
    export = signer.export(KEYS)
    files = {"day/export.bin": export, "day/export.sig": signer.signature(export)}

    with pytest.raises(BadArchiveError, match="holds"):
        archive.read(signer.zipped(files), signer.public_key)


@pytest.mark.parametrize("body", [b"", b"<!doctype html><title>502</title>", b"PK\x03\x04 cut off"])
def test_a_body_that_is_no_zip_is_refused(signer, body):
    with pytest.raises(BadArchiveError, match="not a zip"):
        archive.read(body, signer.public_key)


def test_a_zip_file_that_is_damaged_anywhere_is_a_bad_archive(signer):
    body = signer.archive([DailyKey(b"k" * 16, 1)])
    outcomes = {BadArchiveError: 0, None: 0}
    for position, value in product(range(len(body)), (0, 8, 0x7F, 0xFF)):
        try:
            archive.unzip(body[:position] + bytes([value]) + body[position + 1 :])
        except Exception as error:
            outcomes[type(error)] = outcomes.get(type(error), 0) + 1
        else:
            outcomes[None] += 1  # a date, for example, is of no importance
    assert outcomes.keys() == {BadArchiveError, None}
    assert outcomes[BadArchiveError] > outcomes[None]


def test_one_part_of_several_is_refused(signer):
    export = signer.export(KEYS)
    signature = signer.signature(export, batch_size=2)

    with pytest.raises(BadArchiveError, match="part 1 of 2"):
        archive.read(signer.zipped({"export.bin": export, "export.sig": signature}), signer.public_key)


@pytest.mark.parametrize(
    "key",
    [DailyKey(b"short", 1), DailyKey(b"k" * 16, 1, 145), DailyKey(b"k" * 16, 1, 0), DailyKey(b"k" * 16, -1)],
)
def test_a_signed_key_that_cannot_be_is_refused(signer, key):
    with pytest.raises(BadArchiveError, match="key"):
        archive.read(signer.archive([key]), signer.public_key)


def test_a_public_key_is_read_as_pem_and_as_base64_of_der(signer):
    pem = signer.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    for text in (pem, signer.public_key_text):
        assert archive.load_public_key(text).public_numbers() == signer.public_key.public_numbers()


@pytest.mark.parametrize("make", [lambda: ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate])
def test_a_public_key_of_another_curve_is_refused(make):
    key = make().public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    with pytest.raises(ValueError, match="P-256"):
        archive.load_public_key(pem)


@pytest.mark.parametrize("text", ["", "not base64!", "AAAA"])
def test_a_text_that_is_no_public_key_is_refused(text):
    with pytest.raises(ValueError, match="neither PEM"):
        archive.load_public_key(text)
