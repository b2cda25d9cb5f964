"""Between the messages of requests and answers and the domain's own types. Services and views see only the latter.

Decoding functions raise `MalformedMessage` for bytes that are not the message (rules 31, 49 and 55).
"""

from datetime import timedelta
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from app.domain.claims import ClaimError, ClaimRequest
from app.domain.outbreaks import OutbreakError, OutbreakEvent
from app.domain.uploads import EncryptedUpload, ExposureKey, Upload, UploadError, plausible_onset, plausible_report_type
from app.proto import covidshield_pb2 as wire

M = TypeVar("M", bound=Message)


class MalformedMessage(Exception):  # noqa: N818 - it is an answer, not a fault
    """The bytes are not the protocol buffer that was expected."""


def _parse(message: M, body: bytes) -> M:
    try:
        message.ParseFromString(body)
    except DecodeError:
        raise MalformedMessage(type(message).__name__) from None
    return message


def decode_claim_request(body: bytes) -> ClaimRequest:
    """Read a KeyClaimRequest."""
    message = _parse(wire.KeyClaimRequest(), body)
    return ClaimRequest(_text(message.one_time_code), message.app_public_key)


def _text(value: str | bytes) -> str:
    """Return a string field's text. The parser hands over bytes that are not UTF-8 as they are (trap T3)."""
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def encode_claim_success(server_public_key: bytes, tries_remaining: int) -> bytes:
    """Write the answer to a good claim: no error field at all (rule 37)."""
    return wire.KeyClaimResponse(
        server_public_key=server_public_key, tries_remaining=tries_remaining
    ).SerializeToString()


def encode_claim_error(error: ClaimError, tries_remaining: int, remaining_ban: timedelta | None) -> bytes:
    """Write a refusal. A ban of zero is still written, an absent one (None) is not (rules 35 and 38, trap T4)."""
    message = wire.KeyClaimResponse(error=error.value, tries_remaining=tries_remaining)  # type: ignore[arg-type]
    if remaining_ban is not None:
        message.remaining_ban_duration.SetInParent()
        message.remaining_ban_duration.FromTimedelta(remaining_ban)
    return message.SerializeToString()


def decode_encrypted_upload(body: bytes) -> EncryptedUpload:
    """Read an EncryptedUploadRequest."""
    message = _parse(wire.EncryptedUploadRequest(), body)
    return EncryptedUpload(message.server_public_key, message.app_public_key, message.nonce, message.payload)


def decode_upload(plaintext: bytes) -> Upload:
    """Read the opened Upload. A rolling period that is absent is 144 (rule 58)."""
    message = _parse(wire.Upload(), plaintext)
    seconds = message.timestamp.seconds if message.HasField("timestamp") else None
    return Upload(seconds, [_exposure_key(key) for key in message.keys])


def _exposure_key(key: wire.TemporaryExposureKey) -> ExposureKey:
    return ExposureKey(
        key_data=key.key_data,
        rolling_start_interval_number=key.rolling_start_interval_number,
        rolling_period=key.rolling_period,
        transmission_risk_level=key.transmission_risk_level,
        # The parser itself drops a type that the schema does not name.
        report_type=plausible_report_type(key.report_type) if key.HasField("report_type") else None,
        days_since_onset_of_symptoms=(
            plausible_onset(key.days_since_onset_of_symptoms) if key.HasField("days_since_onset_of_symptoms") else None
        ),
    )


def encode_upload(upload: Upload) -> bytes:
    """Write the message that a phone boxes."""
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
    """Write the answer to a stored upload: NONE, explicitly, the bytes 08 00 (rule 64)."""
    return wire.EncryptedUploadResponse(error=wire.EncryptedUploadResponse.NONE).SerializeToString()


def encode_upload_error(error: UploadError) -> bytes:
    """Write a refusal."""
    return wire.EncryptedUploadResponse(error=error.value).SerializeToString()  # type: ignore[arg-type]


def decode_outbreak_event(body: bytes) -> OutbreakEvent:
    """Read an OutbreakEvent. A timestamp that is absent counts as zero seconds, which no rule accepts (D21)."""
    message = _parse(wire.OutbreakEvent(), body)
    return OutbreakEvent(
        location_id=_text(message.location_id),
        start_seconds=message.start_time.seconds,
        end_seconds=message.end_time.seconds,
        severity=message.severity,
    )


def encode_outbreak_response(error: OutbreakError | None) -> bytes:
    """Write the answer to an outbreak event; None is NONE, written explicitly."""
    value = error.value if error else wire.OutbreakEventResponse.NONE
    return wire.OutbreakEventResponse(error=value).SerializeToString()  # type: ignore[arg-type]
