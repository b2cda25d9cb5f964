"""Writing an export archive: a zip file of `export.bin` and `export.sig` (section J).

Keys are streamed: written, hashed and compressed as they arrive, so memory does not grow with their number. This is
possible because a protocol buffer whose repeated field is last is its other fields followed by the elements.
"""

import hashlib
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, BinaryIO, Final

from app.crypto.signing import SigningKey, public_key_pem, sign_digest
from app.domain.exports import ExportWindow, KeyShape
from app.domain.limits import KEY_DATA_BYTES
from app.domain.outbreaks import OutbreakEvent
from app.proto import covidshield_pb2 as wire

EXPORT_HEADER: Final = b"EK Export v1    "
SIGNATURE_ALGORITHM: Final = "1.2.840.10045.4.3.2"  # ECDSA with SHA-256
VERIFICATION_KEY_VERSION: Final = "v1"
EXPORT_FILE: Final = "export.bin"
SIGNATURE_FILE: Final = "export.sig"

_REGION_NAMES: Final = {"302": "CA"}
_KEYS_TAG: Final = b"\x3a"  # field 7, length-delimited
_KEY_DATA_TAG: Final = bytes((0x0A, KEY_DATA_BYTES))  # field 1, length-delimited, and its length
# The public server's zip has no times (rule 83), which also makes equal content equal bytes.
_NO_TIME: Final = (1980, 0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Signer:
    """The signing key, and the region that identifies it to apps."""

    key: SigningKey
    region: str

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits that depend on the key and the region."""
        return hashlib.sha256(f"{self.region}{public_key_pem(self.key)}".encode()).hexdigest()[:32]

    def signature_info(self) -> wire.SignatureInfo:
        """Return the identification of the verification key (rule 86)."""
        return wire.SignatureInfo(
            verification_key_version=VERIFICATION_KEY_VERSION,
            verification_key_id=self.region,
            signature_algorithm=SIGNATURE_ALGORITHM,
        )


def write_keys_archive(out: BinaryIO, window: ExportWindow, keys: Iterable[bytes], signer: Signer) -> bytes:
    """Write the signed archive of diagnosis keys to a writable file; return the SHA-256 of `export.bin`.

    `keys` yields encoded elements of the export (see `wrap_key`), any number of them in a piece.
    """
    message = wire.TemporaryExposureKeyExport(
        start_timestamp=window.start_seconds,
        end_timestamp=window.end_seconds,
        region=_REGION_NAMES.get(signer.region, signer.region),
        batch_num=1,
        batch_size=1,
        signature_infos=[signer.signature_info()],
    )

    def pieces() -> Iterable[bytes]:
        yield EXPORT_HEADER + message.SerializeToString()
        yield from keys

    def signature(digest: bytes) -> bytes:
        return wire.TEKSignatureList(
            signatures=[
                wire.TEKSignature(
                    signature_info=signer.signature_info(),
                    batch_num=1,
                    batch_size=1,
                    signature=sign_digest(signer.key, digest),
                )
            ]
        ).SerializeToString()

    return _write_archive(out, pieces(), signature)


def write_outbreaks_archive(
    out: BinaryIO, window: ExportWindow, events: Iterable[OutbreakEvent], signer: Signer
) -> bytes:
    """Write the signed archive of outbreak events to a writable file; return the SHA-256 of `export.bin`.

    `export.bin` has no header (rule 105).
    """
    message = wire.OutbreakEventExport(start_timestamp=window.start_seconds, end_timestamp=window.end_seconds)
    for event in events:
        location = message.locations.add(location_id=event.location_id, severity=event.severity)
        location.start_time.seconds = event.start_seconds
        location.end_time.seconds = event.end_seconds

    def signature(digest: bytes) -> bytes:
        signed = wire.OutbreakEventExportSignature(signature=sign_digest(signer.key, digest))
        return signed.SerializeToString()

    return _write_archive(out, [message.SerializeToString()], signature)


def wrap_key(shape: KeyShape) -> tuple[bytes, bytes]:
    """Return the bytes before and after the data of a key that is encoded as an element of the export (rule 87)."""
    after = wire.TemporaryExposureKey(
        transmission_risk_level=shape.transmission_risk_level,
        rolling_start_interval_number=shape.rolling_start_interval_number,
        rolling_period=shape.rolling_period,
        report_type=wire.TemporaryExposureKey.CONFIRMED_TEST if shape.report_type is None else shape.report_type,  # type: ignore[arg-type]
        days_since_onset_of_symptoms=shape.days_since_onset_of_symptoms or 0,
    ).SerializeToString()
    length = len(_KEY_DATA_TAG) + KEY_DATA_BYTES + len(after)  # always below 128, so one byte
    return _KEYS_TAG + bytes((length,)) + _KEY_DATA_TAG, after


class _Unseekable:
    """A file that cannot seek, for which zipfile writes the streamed form of an entry (rule 83)."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, data: bytes, /) -> int:
        return self._out.write(data)

    def flush(self) -> None:
        self._out.flush()


def _write_archive(out: BinaryIO, pieces: Iterable[bytes], signature: Callable[[bytes], bytes]) -> bytes:
    with zipfile.ZipFile(_Unseekable(out), "w") as archive:  # type: ignore[call-overload]
        with archive.open(_entry(EXPORT_FILE), "w") as file:
            digest = _copy(pieces, file)
        with archive.open(_entry(SIGNATURE_FILE), "w") as file:
            file.write(signature(digest))
    return digest


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=_NO_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _copy(pieces: Iterable[bytes], file: IO[bytes]) -> bytes:
    """Write the pieces; return the SHA-256 of all of them."""
    digest = hashlib.sha256()
    for piece in pieces:
        file.write(piece)
        digest.update(piece)
    return digest.digest()
