"""Conversion between protocol buffers and domain types. Services and views see only domain types.

Decoding functions raise MalformedMessageError for bytes that are not the message (rules 31, 49 and 55).
"""

from datetime import timedelta
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from app.domain.claims import ClaimErrorCode, ClaimRequest
from app.domain.errors import MalformedMessageError
from app.domain.outbreaks import OutbreakErrorCode, OutbreakEvent
from app.domain.uploads import (
    DiagnosisKey,
    EncryptedUpload,
    Upload,
    UploadErrorCode,
    plausible_onset,
    plausible_report_type,
)
from app.proto import covidshield_pb2 as wire

M = TypeVar("M", bound=Message)


def _parse(message: M, body: bytes) -> M:
    try:
        message.ParseFromString(body)
    except DecodeError:
        raise MalformedMessageError(type(message).__name__) from None
    return message


def decode_claim_request(body: bytes) -> ClaimRequest:
    """Decode a KeyClaimRequest."""
    message = _parse(wire.KeyClaimRequest(), body)
    return ClaimRequest(_text(message.one_time_code), message.app_public_key)


def _text(value: str | bytes) -> str:
    """Return the text of a string field. The parser returns bytes if they are not UTF-8 (trap T3)."""
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def encode_claim_success(server_public_key: bytes, tries_remaining: int) -> bytes:
    """Encode the response to a successful claim: without an error field (rule 37)."""
    return wire.KeyClaimResponse(
        server_public_key=server_public_key, tries_remaining=tries_remaining
    ).SerializeToString()


def encode_claim_error(error: ClaimErrorCode, tries_remaining: int, remaining_ban: timedelta | None) -> bytes:
    """Encode a refusal. A ban of zero length is written, None is not (rules 35 and 38, trap T4)."""
    message = wire.KeyClaimResponse(error=error.value, tries_remaining=tries_remaining)  # type: ignore[arg-type]
    if remaining_ban is not None:
        message.remaining_ban_duration.SetInParent()
        message.remaining_ban_duration.FromTimedelta(remaining_ban)
    return message.SerializeToString()


def decode_encrypted_upload(body: bytes) -> EncryptedUpload:
    """Decode an EncryptedUploadRequest."""
    message = _parse(wire.EncryptedUploadRequest(), body)
    return EncryptedUpload(message.server_public_key, message.app_public_key, message.nonce, message.payload)


def decode_upload(plaintext: bytes) -> Upload:
    """Decode a decrypted Upload. An absent rolling period is 144 (rule 58)."""
    message = _parse(wire.Upload(), plaintext)
    seconds = message.timestamp.seconds if message.HasField("timestamp") else None
    return Upload(seconds, [_diagnosis_key(key) for key in message.keys])


def _diagnosis_key(key: wire.TemporaryExposureKey) -> DiagnosisKey:
    return DiagnosisKey(
        key_data=key.key_data,
        rolling_start_interval_number=key.rolling_start_interval_number,
        rolling_period=key.rolling_period,
        transmission_risk_level=key.transmission_risk_level,
        # The parser drops values that the schema does not name.
        report_type=plausible_report_type(key.report_type) if key.HasField("report_type") else None,
        days_since_onset_of_symptoms=(
            plausible_onset(key.days_since_onset_of_symptoms) if key.HasField("days_since_onset_of_symptoms") else None
        ),
    )


def encode_upload(upload: Upload) -> bytes:
    """Encode the message that a phone encrypts."""
    message = wire.Upload()
    if upload.timestamp_seconds is not None:
        message.timestamp.seconds = upload.timestamp_seconds
    for key in upload.keys:
        message.keys.add(
            key_data=key.key_data,
            rolling_start_interval_number=key.rolling_start_interval_number,
            rolling_period=key.rolling_period,
            transmission_risk_level=key.transmission_risk_level,
        )
    return message.SerializeToString()


def encode_upload_success() -> bytes:
    """Encode the response to a stored upload: an explicit NONE, the bytes 08 00 (rule 64)."""
    return wire.EncryptedUploadResponse(error=wire.EncryptedUploadResponse.NONE).SerializeToString()


def encode_upload_error(error: UploadErrorCode) -> bytes:
    """Encode a refusal."""
    return wire.EncryptedUploadResponse(error=error.value).SerializeToString()  # type: ignore[arg-type]


def decode_outbreak_event(body: bytes) -> OutbreakEvent:
    """Decode an OutbreakEvent. An absent timestamp is zero seconds, which is then refused (D21)."""
    message = _parse(wire.OutbreakEvent(), body)
    return OutbreakEvent(
        location_id=_text(message.location_id),
        start_seconds=message.start_time.seconds,
        end_seconds=message.end_time.seconds,
        severity=message.severity,
    )


def encode_outbreak_event(event: OutbreakEvent) -> bytes:
    """Encode an OutbreakEvent, as a health authority reports it."""
    message = wire.OutbreakEvent(location_id=event.location_id, severity=event.severity)
    message.start_time.seconds = event.start_seconds
    message.end_time.seconds = event.end_seconds
    return message.SerializeToString()


def encode_outbreak_response(error: OutbreakErrorCode | None) -> bytes:
    """Encode the response to an outbreak event; None is an explicit NONE."""
    value = error.value if error else wire.OutbreakEventResponse.NONE
    return wire.OutbreakEventResponse(error=value).SerializeToString()  # type: ignore[arg-type]
