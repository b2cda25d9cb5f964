"""Archives of outbreaks, and which visits were during one."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from clients.phone import exposure_pb2 as pb
from clients.phone.errors import BadArchiveError
from clients.phone.outbreaks import Outbreak, Visit, find_outbreaks, read_outbreaks

START, END = 1_600_000_000, 1_600_007_200
OUTBREAK = Outbreak("aB3dE6gH", START, END, 2)


def export_of(outbreak: Outbreak) -> bytes:
    message = pb.OutbreakEventExport()
    event = message.locations.add(location_id=outbreak.location_id, severity=outbreak.severity)
    event.start_time.seconds, event.end_time.seconds = outbreak.start, outbreak.end
    return message.SerializeToString()


def signed(signer, export: bytes) -> bytes:
    signature = signer.private_key.sign(export, ec.ECDSA(SHA256()))
    return pb.OutbreakEventExportSignature(signature=signature).SerializeToString()


def test_a_signed_archive_is_read(signer):
    export = export_of(OUTBREAK)

    body = signer.zipped({"export.bin": export, "export.sig": signed(signer, export)})

    assert read_outbreaks(body, signer.public_key) == (OUTBREAK,)


def test_an_archive_that_was_changed_or_is_of_another_key_is_refused(signer):
    export = export_of(OUTBREAK)
    good, changed = signed(signer, export), export_of(Outbreak("aB3dE6gH", START, END + 1, 2))
    other = ec.generate_private_key(ec.SECP256R1()).public_key()

    for content, key in ((changed, signer.public_key), (export, other)):
        with pytest.raises(BadArchiveError, match="does not verify"):
            read_outbreaks(signer.zipped({"export.bin": content, "export.sig": good}), key)


def test_files_that_are_no_messages_are_a_bad_archive(signer):
    for export, signature in ((b"\xff", signed(signer, b"\xff")), (b"", b"\xff")):
        with pytest.raises(BadArchiveError, match="not an export of outbreaks"):
            read_outbreaks(signer.zipped({"export.bin": export, "export.sig": signature}), signer.public_key)


@pytest.mark.parametrize(
    ("place", "scanned", "found"),
    [
        ("aB3dE6gH", START - 3_600 - 1, []),
        ("aB3dE6gH", START - 3_600, [OUTBREAK]),
        ("aB3dE6gH", END, [OUTBREAK]),
        ("aB3dE6gH", END + 1, []),
        ("another1", START, []),
    ],
)
def test_a_visit_counts_from_its_scan_for_an_hour_and_at_its_place(place, scanned, found):
    assert find_outbreaks([Visit("elsewher", START), Visit(place, scanned)], [OUTBREAK]) == found
