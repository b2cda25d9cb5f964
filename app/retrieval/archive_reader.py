"""Reading and verifying an export archive, ours or another server's."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from google.protobuf.message import DecodeError

from app.crypto.signing import is_signed_by
from app.proto import covidshield_pb2 as wire
from app.retrieval.archive_writer import EXPORT_FILE, EXPORT_HEADER, SIGNATURE_FILE

# A day of a million keys is 34 MB; what claims to unpack to more than this is not read.
MAX_EXPORT_BYTES: Final = 256 * 1024 * 1024
MAX_SIGNATURE_BYTES: Final = 64 * 1024


class ArchiveInvalid(Exception):  # noqa: N818 - the name says it
    """The file is not an export archive; the text says why."""


@dataclass(frozen=True)
class ArchiveSignature:
    """One of the archive's signatures: the name of its key, and the DER bytes."""

    key_id: str
    key_version: str
    signature: bytes


@dataclass(frozen=True)
class ReadArchive:
    """What an archive says. Timestamps are unix seconds."""

    region: str
    start_seconds: int
    end_seconds: int
    keys: tuple[wire.TemporaryExposureKey, ...]
    revised_keys: int
    signatures: tuple[ArchiveSignature, ...]
    signed_bytes: bytes

    def is_signed_by(self, key: EllipticCurvePublicKey) -> bool:
        """Tell whether one of the signatures is the key's."""
        return any(is_signed_by(key, entry.signature, self.signed_bytes) for entry in self.signatures)


def read_archive(file: Path | IO[bytes]) -> ReadArchive:
    """Read an archive of exposure keys; raise ArchiveInvalid for anything else. The signature is not verified yet."""
    try:
        with zipfile.ZipFile(file) as archive:
            export = _entry(archive, EXPORT_FILE, MAX_EXPORT_BYTES)
            signature = _entry(archive, SIGNATURE_FILE, MAX_SIGNATURE_BYTES)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise ArchiveInvalid(f"it is not a readable zip file: {error}") from None
    except Exception as error:  # zlib.error has no better base
        if type(error).__module__ != "zlib":
            raise
        raise ArchiveInvalid("an entry's compressed data is damaged") from None
    if not export.startswith(EXPORT_HEADER):
        raise ArchiveInvalid(f"{EXPORT_FILE} does not begin with the header {EXPORT_HEADER.decode()!r}")
    message, signatures = wire.TemporaryExposureKeyExport(), wire.TEKSignatureList()
    _parse(message, export[len(EXPORT_HEADER) :], EXPORT_FILE)
    _parse(signatures, signature, SIGNATURE_FILE)
    return ReadArchive(
        region=message.region,
        start_seconds=message.start_timestamp,
        end_seconds=message.end_timestamp,
        keys=tuple(message.keys),
        revised_keys=len(message.revised_keys),
        signatures=tuple(
            ArchiveSignature(
                entry.signature_info.verification_key_id,
                entry.signature_info.verification_key_version,
                entry.signature,
            )
            for entry in signatures.signatures
        ),
        signed_bytes=export,
    )


def _entry(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    try:
        with archive.open(name) as file:
            data = file.read(limit + 1)
    except KeyError:
        raise ArchiveInvalid(f"it has no {name}") from None
    if len(data) > limit:
        raise ArchiveInvalid(f"{name} is larger than {limit} bytes")
    return data


def _parse(message: wire.TemporaryExposureKeyExport | wire.TEKSignatureList, data: bytes, name: str) -> None:
    try:
        message.ParseFromString(data)
    except DecodeError:
        raise ArchiveInvalid(f"{name} is not the protocol buffer that it should be") from None
