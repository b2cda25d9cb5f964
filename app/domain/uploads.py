"""Judging an upload: what the decrypted message must hold, in the protocol's strict order (rules 50 to 63)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from app.domain import limits


class UploadError(IntEnum):
    """Why an upload was refused; the values are those on the wire."""

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


class UploadRefused(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """An upload that the service will not accept. `is_unauthorized` separates 401 from 400."""

    def __init__(self, error: UploadError, *, is_unauthorized: bool = False) -> None:
        super().__init__(error.name)
        self.error = error
        self.is_unauthorized = is_unauthorized


@dataclass(frozen=True)
class EncryptedUpload:
    """The sealed envelope as it arrives: the two public keys of a pair, the nonce, and the boxed message."""

    server_public_key: bytes
    app_public_key: bytes
    nonce: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class ExposureKey:
    """A temporary exposure key as a phone reports it. Intervals are of ten minutes; None means not sent."""

    key_data: bytes
    rolling_start_interval_number: int
    rolling_period: int
    transmission_risk_level: int
    report_type: int | None = None
    days_since_onset_of_symptoms: int | None = None


@dataclass(frozen=True)
class Upload:
    """The opened message: when the phone sent it (unix seconds, None when absent) and its keys."""

    timestamp_seconds: int | None
    keys: Sequence[ExposureKey]


def plausible_report_type(report_type: int) -> int | None:
    """Return the report type, or None if no phone should say so of its own keys: never an error (rule 63).

    Revoking is not a phone's to do, and phones that find UNKNOWN or RECURSIVE in an archive would pass over the key.
    """
    return report_type if report_type in limits.REPORT_TYPES else None


def plausible_onset(days: int) -> int | None:
    """Return the days since the onset of symptoms, or None if no phone should say so: never an error (rule 63)."""
    return days if abs(days) <= limits.MAX_DAYS_SINCE_ONSET else None


def check_server_key(upload: EncryptedUpload) -> None:
    """Refuse an envelope that cannot name a key pair (rule 50)."""
    if len(upload.server_public_key) != limits.PUBLIC_KEY_BYTES:
        raise UploadRefused(UploadError.INVALID_CRYPTO_PARAMETERS)


def check_box_parameters(upload: EncryptedUpload) -> None:
    """Refuse an envelope whose nonce or phone key has the wrong length (rule 52)."""
    if len(upload.nonce) != limits.NONCE_BYTES or len(upload.app_public_key) != limits.PUBLIC_KEY_BYTES:
        raise UploadRefused(UploadError.INVALID_CRYPTO_PARAMETERS)


def judge_upload(upload: Upload, now: datetime) -> None:
    """Accept the message or raise UploadRefused with the first rule that it breaks (rules 56 to 62)."""
    if not upload.keys:
        raise UploadRefused(UploadError.NO_KEYS_IN_PAYLOAD)
    if len(upload.keys) > limits.MAX_KEYS_PER_UPLOAD:
        raise UploadRefused(UploadError.TOO_MANY_KEYS)
    seconds = upload.timestamp_seconds
    if seconds is None or abs(now.timestamp() - seconds) > limits.MAX_CLOCK_SKEW_SECONDS:
        raise UploadRefused(UploadError.INVALID_TIMESTAMP)
    for key in upload.keys:
        _judge_key(key)
    starts = [key.rolling_start_interval_number for key in upload.keys]
    if max(starts) + limits.MAX_ROLLING_PERIOD - min(starts) > limits.MAX_UPLOAD_SPAN_INTERVALS:
        raise UploadRefused(UploadError.INVALID_ROLLING_START_INTERVAL_NUMBER)


def _judge_key(key: ExposureKey) -> None:
    if not limits.MIN_ROLLING_PERIOD <= key.rolling_period <= limits.MAX_ROLLING_PERIOD:
        raise UploadRefused(UploadError.INVALID_ROLLING_PERIOD)
    if len(key.key_data) != limits.KEY_DATA_BYTES:
        raise UploadRefused(UploadError.INVALID_KEY_DATA)
    if key.rolling_start_interval_number == 0:
        raise UploadRefused(UploadError.INVALID_ROLLING_START_INTERVAL_NUMBER)
    if not limits.MIN_TRANSMISSION_RISK_LEVEL <= key.transmission_risk_level <= limits.MAX_TRANSMISSION_RISK_LEVEL:
        raise UploadRefused(UploadError.INVALID_TRANSMISSION_RISK_LEVEL)
