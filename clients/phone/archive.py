"""Export archives: a zip of `export.bin` (the keys) and `export.sig` (who signed them).

The phone's operating system refuses an archive whose signature does not verify, so this module does too.
"""

import base64
import binascii
import io
import lzma
import struct
import zipfile
import zlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key
from google.protobuf.message import DecodeError

from clients.phone import exposure_pb2 as pb
from clients.phone.crypto import DAY_INTERVALS, KEY_BYTES, DailyKey
from clients.phone.errors import BadArchiveError

HEADER = b"EK Export v1".ljust(16)
ECDSA_P256_SHA256 = "1.2.840.10045.4.3.2"
_FILES = {"export.bin", "export.sig"}


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A key in an archive; `risk_level` is the transmission risk, 0 to 8."""

    key: DailyKey
    risk_level: int


@dataclass(frozen=True, slots=True)
class Archive:
    """A verified archive: its bounds in unix seconds, its region and its keys, in the order of the file."""

    start: int
    end: int
    region: str
    keys: tuple[PublishedKey, ...]


def load_public_key(text: str) -> EllipticCurvePublicKey:
    """Read the key that verifies archives: PEM, or the base64 of its DER form."""
    try:
        if text.lstrip().startswith("-----BEGIN"):
            key = load_pem_public_key(text.encode())
        else:
            key = load_der_public_key(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error) as error:
        raise ValueError("the public key is neither PEM nor base64 of DER") from error
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("the public key is not on the curve P-256")
    return key


def read(body: bytes, public_key: EllipticCurvePublicKey) -> Archive:
    """Open, verify and parse an archive, or raise BadArchiveError with what is wrong with it."""
    return parse(verified_export(body, public_key))


def verified_export(body: bytes, public_key: EllipticCurvePublicKey) -> bytes:
    """Return export.bin of an archive whose signature verifies."""
    files = unzip(body)
    _verify(files["export.bin"], files["export.sig"], public_key)
    return files["export.bin"]


def parse(export: bytes) -> Archive:
    """Parse an export.bin that was verified."""
    if not export.startswith(HEADER):
        raise BadArchiveError("export.bin does not begin with its header")
    try:
        message = pb.TemporaryExposureKeyExport.FromString(export[len(HEADER) :])
    except DecodeError as error:
        raise BadArchiveError("export.bin is not an export of keys") from error
    keys = tuple(_published(key) for key in message.keys)
    return Archive(message.start_timestamp, message.end_timestamp, message.region, keys)


def unzip(body: bytes) -> dict[str, bytes]:
    """Return the files of an archive, unverified."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as zipped:
            names = zipped.namelist()
            if len(names) != len(_FILES) or set(names) != _FILES:
                raise BadArchiveError(f"the archive holds {sorted(names)}, not export.bin and export.sig")
            return {name: zipped.read(name) for name in names}
    # A damaged or encrypted zip file raises almost anything.
    except (
        *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
        *(EOFError, OSError, RuntimeError, ValueError),
    ) as error:
        raise BadArchiveError(f"the archive is not a zip file: {error}") from error


def _verify(export: bytes, signature_file: bytes, public_key: EllipticCurvePublicKey) -> None:
    """Accept if any of the signatures verifies: a server may sign with an old and a new key while it rotates."""
    try:
        signatures = pb.TEKSignatureList.FromString(signature_file).signatures
    except DecodeError as error:
        raise BadArchiveError("export.sig is not a list of signatures") from error
    for signature in signatures:
        if signature.signature_info.signature_algorithm != ECDSA_P256_SHA256:
            continue
        try:
            public_key.verify(signature.signature, export, ECDSA(SHA256()))
        except InvalidSignature:
            continue
        if (signature.batch_num, signature.batch_size) != (1, 1):
            raise BadArchiveError(f"the archive is part {signature.batch_num} of {signature.batch_size}, not a whole")
        return
    raise BadArchiveError("no signature of the archive verifies with the public key")


def _published(key: pb.TemporaryExposureKey) -> PublishedKey:
    if len(key.key_data) != KEY_BYTES:
        raise BadArchiveError(f"a key has {len(key.key_data)} bytes, not {KEY_BYTES}")
    if not 1 <= key.rolling_period <= DAY_INTERVALS or key.rolling_start_interval_number < 0:
        raise BadArchiveError("a key's life is not within one day after 1970")
    daily = DailyKey(key.key_data, key.rolling_start_interval_number, key.rolling_period)
    return PublishedKey(daily, key.transmission_risk_level)
