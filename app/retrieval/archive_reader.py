"""Reading and verifying an export archive, ours or another server's."""

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from google.protobuf.message import DecodeError

from app.crypto.signing import is_signed_by
from app.domain.errors import InvalidArchiveError
from app.proto import covidshield_pb2 as wire
from app.retrieval.archive_writer import EXPORT_FILE, EXPORT_HEADER, SIGNATURE_FILE

# A day of a million keys has 34 MB. A file that unpacks to more than this is refused.
MAX_EXPORT_BYTES: Final = 256 * 1024 * 1024
MAX_SIGNATURE_BYTES: Final = 64 * 1024


@dataclass(frozen=True)
class ArchiveSignature:
    """One signature of an archive: the identification of its key, and the DER bytes."""

    key_id: str
    key_version: str
    signature: bytes


@dataclass(frozen=True)
class ReadArchive:
    """The content of an archive. Timestamps are in unix seconds."""

    region: str
    start_seconds: int
    end_seconds: int
    keys: tuple[wire.TemporaryExposureKey, ...]
    revised_keys: int
    signatures: tuple[ArchiveSignature, ...]
    signed_bytes: bytes

    def is_signed_by(self, key: EllipticCurvePublicKey) -> bool:
        """Return whether one of the signatures is valid under the key."""
        return any(is_signed_by(key, entry.signature, self.signed_bytes) for entry in self.signatures)


def read_archive(file: Path | IO[bytes]) -> ReadArchive:
    """Return the content of an archive of diagnosis keys, without verifying it; raise InvalidArchiveError."""
    try:
        with zipfile.ZipFile(file) as archive:
            export = _entry(archive, EXPORT_FILE, MAX_EXPORT_BYTES)
            signature = _entry(archive, SIGNATURE_FILE, MAX_SIGNATURE_BYTES)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise InvalidArchiveError(f"it is not a readable zip file: {error}") from None
    except zlib.error:
        raise InvalidArchiveError("an entry's compressed data is damaged") from None
    if not export.startswith(EXPORT_HEADER):
        raise InvalidArchiveError(f"{EXPORT_FILE} does not begin with the header {EXPORT_HEADER.decode()!r}")
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
        raise InvalidArchiveError(f"it has no {name}") from None
    if len(data) > limit:
        raise InvalidArchiveError(f"{name} is larger than {limit} bytes")
    return data


def _parse(message: wire.TemporaryExposureKeyExport | wire.TEKSignatureList, data: bytes, name: str) -> None:
    try:
        message.ParseFromString(data)
    except DecodeError:
        raise InvalidArchiveError(f"{name} is not the expected protocol buffer") from None
