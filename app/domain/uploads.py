"""Validating an upload: what the decrypted message must hold, in the protocol's strict order (rules 50 to 63)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from app.domain import limits
from app.domain.errors import UploadError


class UploadErrorCode(IntEnum):
    """Why an upload was refused, as on the wire."""

    UNKNOWN = 1
    INVALID_KEYPAIR = 2
    DECRYPTION_FAILED = 3
    INVALID_PAYLOAD = 4
    SERVER_ERROR = 5
    INVALID_CRYPTO_PARAMETERS = 6
    TOO_MANY_KEYS = 7
    INVALID_TIMESTAMP = 8
    INVALID_ROLLING_PERIOD = 10
    INVALID_KEY_DATA = 11
    INVALID_ROLLING_START_INTERVAL_NUMBER = 12
    INVALID_TRANSMISSION_RISK_LEVEL = 13
    NO_KEYS_IN_PAYLOAD = 14


@dataclass(frozen=True)
class EncryptedUpload:
    """An upload as it arrives: the two public keys of a pair (32 bytes each), the nonce, and the encrypted message."""

    server_public_key: bytes
    app_public_key: bytes
    nonce: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class DiagnosisKey:
    """A key as a phone reports it. Intervals are of ten minutes; None means that the phone did not send a value."""

    key_data: bytes
    rolling_start_interval_number: int
    rolling_period: int
    transmission_risk_level: int
    report_type: int | None = None
    days_since_onset_of_symptoms: int | None = None


@dataclass(frozen=True)
class Upload:
    """A decrypted upload: when the phone sent it (unix seconds, None if absent), and its keys."""

    timestamp_seconds: int | None
    keys: Sequence[DiagnosisKey]


def plausible_report_type(report_type: int) -> int | None:
    """Return the report type, or None for one that a phone must not report: it is never an error (rule 63).

    A phone must not revoke keys, and other phones would ignore a key of type UNKNOWN or RECURSIVE.
    """
    return report_type if report_type in limits.REPORT_TYPES else None


def plausible_onset(days: int) -> int | None:
    """Return the days since the onset of symptoms, or None if they are implausible: it is never an error (rule 63)."""
    return days if abs(days) <= limits.MAX_DAYS_SINCE_ONSET else None


def check_server_key(upload: EncryptedUpload) -> None:
    """Raise UploadError if the server key cannot identify a key pair (rule 50)."""
    if len(upload.server_public_key) != limits.PUBLIC_KEY_BYTES:
        raise UploadError(UploadErrorCode.INVALID_CRYPTO_PARAMETERS)


def check_box_parameters(upload: EncryptedUpload) -> None:
    """Raise UploadError if the nonce or the phone's key has the wrong length (rule 52)."""
    if len(upload.nonce) != limits.NONCE_BYTES or len(upload.app_public_key) != limits.PUBLIC_KEY_BYTES:
        raise UploadError(UploadErrorCode.INVALID_CRYPTO_PARAMETERS)


def validate_upload(upload: Upload, now: datetime) -> None:
    """Raise UploadError for the first rule that the message breaks (rules 56 to 62)."""
    if not upload.keys:
        raise UploadError(UploadErrorCode.NO_KEYS_IN_PAYLOAD)
    if len(upload.keys) > limits.MAX_KEYS_PER_UPLOAD:
        raise UploadError(UploadErrorCode.TOO_MANY_KEYS)
    seconds = upload.timestamp_seconds
    if seconds is None or abs(now.timestamp() - seconds) > limits.MAX_CLOCK_SKEW_SECONDS:
        raise UploadError(UploadErrorCode.INVALID_TIMESTAMP)
    for key in upload.keys:
        _validate_key(key)
    starts = [key.rolling_start_interval_number for key in upload.keys]
    if max(starts) + limits.MAX_ROLLING_PERIOD - min(starts) > limits.MAX_UPLOAD_SPAN_INTERVALS:
        raise UploadError(UploadErrorCode.INVALID_ROLLING_START_INTERVAL_NUMBER)


def _validate_key(key: DiagnosisKey) -> None:
    if not limits.MIN_ROLLING_PERIOD <= key.rolling_period <= limits.MAX_ROLLING_PERIOD:
        raise UploadError(UploadErrorCode.INVALID_ROLLING_PERIOD)
    if len(key.key_data) != limits.KEY_DATA_BYTES:
        raise UploadError(UploadErrorCode.INVALID_KEY_DATA)
    if key.rolling_start_interval_number == 0:
        raise UploadError(UploadErrorCode.INVALID_ROLLING_START_INTERVAL_NUMBER)
    if not limits.MIN_TRANSMISSION_RISK_LEVEL <= key.transmission_risk_level <= limits.MAX_TRANSMISSION_RISK_LEVEL:
        raise UploadError(UploadErrorCode.INVALID_TRANSMISSION_RISK_LEVEL)
