"""Reading archives (app/retrieval/archive_reader.py): real ones of other servers, and files that are none."""

import base64
import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto.signing import load_public_key
from app.domain.errors import InvalidArchiveError
from app.proto import covidshield_pb2 as wire
from app.retrieval import archive_reader as reader
from app.retrieval.archive_reader import read_archive

DATA = Path(__file__).parents[2] / "data"
PUBLIC_KEYS = json.loads((DATA / "sample_export_public_keys.json").read_text())


def made(**entries: bytes) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("_", "."), content)
    out.seek(0)
    return out


@pytest.mark.parametrize(
    ("name", "region", "keys", "key_id"),
    [("android_sample_export.zip", "US", 140, "310"), ("google_example_export.zip", "US", 2, "some_id")],
)
def test_an_archive_of_another_server_is_read_and_its_signature_verified(
    name: str, region: str, keys: int, key_id: str
) -> None:
    archive = read_archive(DATA / name)
    assert (archive.region, len(archive.keys), archive.signatures[0].key_id) == (region, keys, key_id)
    assert archive.is_signed_by(load_public_key(base64.b64decode(PUBLIC_KEYS[name])))


def test_an_archive_is_not_signed_by_a_key_that_did_not_sign_it() -> None:
    archive = read_archive(DATA / "android_sample_export.zip")
    assert not archive.is_signed_by(load_public_key(base64.b64decode(PUBLIC_KEYS["google_example_export.zip"])))


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (io.BytesIO(b"no zip"), "not a readable zip"),
        (made(export_sig=b""), "no export.bin"),
        (made(export_bin=b"EK Export v1    "), "no export.sig"),
        (made(export_bin=b"EK Export v2    ", export_sig=b""), "header"),
        (made(export_bin=b"EK Export v1    \xff", export_sig=b""), "export.bin is not the expected protocol buffer"),
        (made(export_bin=b"EK Export v1    ", export_sig=b"\xff"), "export.sig is not the expected protocol buffer"),
    ],
)
def test_what_is_no_archive_is_refused_with_the_reason(file: io.BytesIO, reason: str) -> None:
    with pytest.raises(InvalidArchiveError, match=reason):
        read_archive(file)


def test_a_file_that_would_unpack_to_too_much_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    export = b"EK Export v1    " + wire.TemporaryExposureKeyExport(region="CA").SerializeToString()
    signatures = wire.TEKSignatureList(signatures=[wire.TEKSignature(signature=bytes(70))]).SerializeToString()
    files = {"export_bin": export, "export_sig": signatures}
    monkeypatch.setattr(reader, "MAX_EXPORT_BYTES", len(export))
    monkeypatch.setattr(reader, "MAX_SIGNATURE_BYTES", len(signatures))
    assert read_archive(made(**files)).signed_bytes == export
    for name, file in (("export_bin", "export.bin"), ("export_sig", "export.sig")):
        with pytest.raises(InvalidArchiveError, match=f"{file} is larger than {len(files[name])} bytes"):
            read_archive(made(**(files | {name: files[name] + b"x"})))


def test_a_missing_file_is_refused() -> None:
    with pytest.raises(InvalidArchiveError, match="not a readable zip"):
        read_archive(DATA / "nothing.zip")


@given(st.integers(0, 3274), st.integers(1, 255))
def test_a_damaged_archive_is_refused_or_not_signed(position: int, change: int) -> None:
    damaged = bytearray((DATA / "android_sample_export.zip").read_bytes())
    damaged[position] ^= change
    key = load_public_key(base64.b64decode(PUBLIC_KEYS["android_sample_export.zip"]))
    try:
        archive = read_archive(io.BytesIO(damaged))
    except InvalidArchiveError:
        return
    untouched = read_archive(DATA / "android_sample_export.zip")
    assert archive.signed_bytes == untouched.signed_bytes or not archive.is_signed_by(key)
