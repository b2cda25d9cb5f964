"""Section A: the wire schema, field by field. Installed apps depend on these numbers."""

import pytest
from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

from app.proto import covidshield_pb2 as wire

_TYPES = {
    FieldDescriptor.TYPE_BYTES: "bytes",
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_SINT32: "sint32",
    FieldDescriptor.TYPE_UINT32: "uint32",
    FieldDescriptor.TYPE_FIXED64: "fixed64",
    FieldDescriptor.TYPE_ENUM: "enum",
}

_MESSAGES = {
    "KeyClaimRequest": "1 one_time_code string; 2 app_public_key bytes",
    "KeyClaimResponse": (
        "1 error enum; 2 server_public_key bytes; 3 tries_remaining uint32; 4 remaining_ban_duration Duration"
    ),
    "EncryptedUploadRequest": "1 server_public_key bytes; 2 app_public_key bytes; 3 nonce bytes; 4 payload bytes",
    "EncryptedUploadResponse": "1 error enum",
    "Upload": "1 timestamp Timestamp; 2 keys rep TemporaryExposureKey",
    "TemporaryExposureKey": (
        "1 key_data bytes; 2 transmission_risk_level int32; 3 rolling_start_interval_number int32; "
        "4 rolling_period int32; 5 report_type enum; 6 days_since_onset_of_symptoms sint32"
    ),
    "TemporaryExposureKeyExport": (
        "1 start_timestamp fixed64; 2 end_timestamp fixed64; 3 region string; 4 batch_num int32; 5 batch_size int32; "
        "6 signature_infos rep SignatureInfo; 7 keys rep TemporaryExposureKey; 8 revised_keys rep TemporaryExposureKey"
    ),
    "SignatureInfo": ("3 verification_key_version string; 4 verification_key_id string; 5 signature_algorithm string"),
    "TEKSignatureList": "1 signatures rep TEKSignature",
    "TEKSignature": "1 signature_info SignatureInfo; 2 batch_num int32; 3 batch_size int32; 4 signature bytes",
    "OutbreakEvent": "1 location_id string; 2 start_time Timestamp; 3 end_time Timestamp; 4 severity uint32",
    "OutbreakEventResponse": "1 error enum",
    "OutbreakEventExport": "1 start_timestamp fixed64; 2 end_timestamp fixed64; 3 locations rep OutbreakEvent",
    "OutbreakEventExportSignature": "1 signature bytes",
}

_ENUMS = {
    "KeyClaimResponse.ErrorCode": (
        "NONE 0, UNKNOWN 1, INVALID_ONE_TIME_CODE 2, SERVER_ERROR 3, INVALID_KEY 4, TEMPORARY_BAN 5"
    ),
    "EncryptedUploadResponse.ErrorCode": (
        "NONE 0, UNKNOWN 1, INVALID_KEYPAIR 2, DECRYPTION_FAILED 3, INVALID_PAYLOAD 4, SERVER_ERROR 5, "
        "INVALID_CRYPTO_PARAMETERS 6, TOO_MANY_KEYS 7, INVALID_TIMESTAMP 8, INVALID_ROLLING_PERIOD 10, "
        "INVALID_KEY_DATA 11, INVALID_ROLLING_START_INTERVAL_NUMBER 12, INVALID_TRANSMISSION_RISK_LEVEL 13, "
        "NO_KEYS_IN_PAYLOAD 14"
    ),
    "OutbreakEventResponse.ErrorCode": (
        "NONE 0, UNKNOWN 1, INVALID_ID 2, MISSING_TIMESTAMP 3, PERIOD_INVALID 4, SERVER_ERROR 5"
    ),
    "TemporaryExposureKey.ReportType": (
        "UNKNOWN 0, CONFIRMED_TEST 1, CONFIRMED_CLINICAL_DIAGNOSIS 2, SELF_REPORT 3, RECURSIVE 4, REVOKED 5"
    ),
}


def _described(field: FieldDescriptor) -> str:
    repeated = "rep " if field.is_repeated else ""
    kind = field.message_type.name if field.message_type else _TYPES[field.type]
    return f"{field.number} {field.name} {repeated}{kind}"


def _enum(path: str) -> EnumDescriptor:
    message, _, name = path.partition(".")
    return wire.DESCRIPTOR.message_types_by_name[message].enum_types_by_name[name]


@pytest.mark.rule("A")
def test_package_has_only_the_messages_of_the_protocol() -> None:
    assert wire.DESCRIPTOR.package == "covidshield"
    assert set(wire.DESCRIPTOR.message_types_by_name) == set(_MESSAGES)


@pytest.mark.rule("A")
@pytest.mark.parametrize("name", _MESSAGES)
def test_message_fields_have_their_numbers(name: str) -> None:
    fields = wire.DESCRIPTOR.message_types_by_name[name].fields
    assert "; ".join(_described(field) for field in fields) == _MESSAGES[name]


@pytest.mark.rule("A")
@pytest.mark.parametrize("path", _ENUMS)
def test_enum_names_have_their_numbers(path: str) -> None:
    assert ", ".join(f"{value.name} {value.number}" for value in _enum(path).values) == _ENUMS[path]


@pytest.mark.rule("A", 58)
def test_absent_rolling_period_reads_as_144() -> None:
    assert wire.TemporaryExposureKey().rolling_period == 144


@pytest.mark.rule("A")
def test_singular_fields_have_presence() -> None:
    messages = wire.DESCRIPTOR.message_types_by_name.values()
    assert all(field.has_presence for message in messages for field in message.fields if not field.is_repeated)
