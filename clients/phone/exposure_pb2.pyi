import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class KeyClaimRequest(_message.Message):
    __slots__ = ("one_time_code", "app_public_key")
    ONE_TIME_CODE_FIELD_NUMBER: _ClassVar[int]
    APP_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    one_time_code: str
    app_public_key: bytes
    def __init__(self, one_time_code: _Optional[str] = ..., app_public_key: _Optional[bytes] = ...) -> None: ...

class KeyClaimResponse(_message.Message):
    __slots__ = ("error", "server_public_key", "tries_remaining", "remaining_ban_duration")
    class ErrorCode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        NONE: _ClassVar[KeyClaimResponse.ErrorCode]
        UNKNOWN: _ClassVar[KeyClaimResponse.ErrorCode]
        INVALID_ONE_TIME_CODE: _ClassVar[KeyClaimResponse.ErrorCode]
        SERVER_ERROR: _ClassVar[KeyClaimResponse.ErrorCode]
        INVALID_KEY: _ClassVar[KeyClaimResponse.ErrorCode]
        TEMPORARY_BAN: _ClassVar[KeyClaimResponse.ErrorCode]
    NONE: KeyClaimResponse.ErrorCode
    UNKNOWN: KeyClaimResponse.ErrorCode
    INVALID_ONE_TIME_CODE: KeyClaimResponse.ErrorCode
    SERVER_ERROR: KeyClaimResponse.ErrorCode
    INVALID_KEY: KeyClaimResponse.ErrorCode
    TEMPORARY_BAN: KeyClaimResponse.ErrorCode
    ERROR_FIELD_NUMBER: _ClassVar[int]
    SERVER_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    TRIES_REMAINING_FIELD_NUMBER: _ClassVar[int]
    REMAINING_BAN_DURATION_FIELD_NUMBER: _ClassVar[int]
    error: KeyClaimResponse.ErrorCode
    server_public_key: bytes
    tries_remaining: int
    remaining_ban_duration: _duration_pb2.Duration
    def __init__(self, error: _Optional[_Union[KeyClaimResponse.ErrorCode, str]] = ..., server_public_key: _Optional[bytes] = ..., tries_remaining: _Optional[int] = ..., remaining_ban_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class EncryptedUploadRequest(_message.Message):
    __slots__ = ("server_public_key", "app_public_key", "nonce", "payload")
    SERVER_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    APP_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    server_public_key: bytes
    app_public_key: bytes
    nonce: bytes
    payload: bytes
    def __init__(self, server_public_key: _Optional[bytes] = ..., app_public_key: _Optional[bytes] = ..., nonce: _Optional[bytes] = ..., payload: _Optional[bytes] = ...) -> None: ...

class EncryptedUploadResponse(_message.Message):
    __slots__ = ("error",)
    class ErrorCode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        NONE: _ClassVar[EncryptedUploadResponse.ErrorCode]
        UNKNOWN: _ClassVar[EncryptedUploadResponse.ErrorCode]
        INVALID_KEYPAIR: _ClassVar[EncryptedUploadResponse.ErrorCode]
        DECRYPTION_FAILED: _ClassVar[EncryptedUploadResponse.ErrorCode]
        INVALID_PAYLOAD: _ClassVar[EncryptedUploadResponse.ErrorCode]
        SERVER_ERROR: _ClassVar[EncryptedUploadResponse.ErrorCode]
        INVALID_CRYPTO_PARAMETERS: _ClassVar[EncryptedUploadResponse.ErrorCode]
        TOO_MANY_KEYS: _ClassVar[EncryptedUploadResponse.ErrorCode]
        INVALID_TIMESTAMP: _ClassVar[EncryptedUploadResponse.ErrorCode]
        INVALID_ROLLING_PERIOD: _ClassVar[EncryptedUploadResponse.ErrorCode]
        INVALID_KEY_DATA: _ClassVar[EncryptedUploadResponse.ErrorCode]
        INVALID_ROLLING_START_INTERVAL_NUMBER: _ClassVar[EncryptedUploadResponse.ErrorCode]
        INVALID_TRANSMISSION_RISK_LEVEL: _ClassVar[EncryptedUploadResponse.ErrorCode]
        NO_KEYS_IN_PAYLOAD: _ClassVar[EncryptedUploadResponse.ErrorCode]
    NONE: EncryptedUploadResponse.ErrorCode
    UNKNOWN: EncryptedUploadResponse.ErrorCode
    INVALID_KEYPAIR: EncryptedUploadResponse.ErrorCode
    DECRYPTION_FAILED: EncryptedUploadResponse.ErrorCode
    INVALID_PAYLOAD: EncryptedUploadResponse.ErrorCode
    SERVER_ERROR: EncryptedUploadResponse.ErrorCode
    INVALID_CRYPTO_PARAMETERS: EncryptedUploadResponse.ErrorCode
    TOO_MANY_KEYS: EncryptedUploadResponse.ErrorCode
    INVALID_TIMESTAMP: EncryptedUploadResponse.ErrorCode
    INVALID_ROLLING_PERIOD: EncryptedUploadResponse.ErrorCode
    INVALID_KEY_DATA: EncryptedUploadResponse.ErrorCode
    INVALID_ROLLING_START_INTERVAL_NUMBER: EncryptedUploadResponse.ErrorCode
    INVALID_TRANSMISSION_RISK_LEVEL: EncryptedUploadResponse.ErrorCode
    NO_KEYS_IN_PAYLOAD: EncryptedUploadResponse.ErrorCode
    ERROR_FIELD_NUMBER: _ClassVar[int]
    error: EncryptedUploadResponse.ErrorCode
    def __init__(self, error: _Optional[_Union[EncryptedUploadResponse.ErrorCode, str]] = ...) -> None: ...

class Upload(_message.Message):
    __slots__ = ("timestamp", "keys")
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    timestamp: _timestamp_pb2.Timestamp
    keys: _containers.RepeatedCompositeFieldContainer[TemporaryExposureKey]
    def __init__(self, timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., keys: _Optional[_Iterable[_Union[TemporaryExposureKey, _Mapping]]] = ...) -> None: ...

class TemporaryExposureKey(_message.Message):
    __slots__ = ("key_data", "transmission_risk_level", "rolling_start_interval_number", "rolling_period", "report_type", "days_since_onset_of_symptoms")
    class ReportType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[TemporaryExposureKey.ReportType]
        CONFIRMED_TEST: _ClassVar[TemporaryExposureKey.ReportType]
        CONFIRMED_CLINICAL_DIAGNOSIS: _ClassVar[TemporaryExposureKey.ReportType]
        SELF_REPORT: _ClassVar[TemporaryExposureKey.ReportType]
        RECURSIVE: _ClassVar[TemporaryExposureKey.ReportType]
        REVOKED: _ClassVar[TemporaryExposureKey.ReportType]
    UNKNOWN: TemporaryExposureKey.ReportType
    CONFIRMED_TEST: TemporaryExposureKey.ReportType
    CONFIRMED_CLINICAL_DIAGNOSIS: TemporaryExposureKey.ReportType
    SELF_REPORT: TemporaryExposureKey.ReportType
    RECURSIVE: TemporaryExposureKey.ReportType
    REVOKED: TemporaryExposureKey.ReportType
    KEY_DATA_FIELD_NUMBER: _ClassVar[int]
    TRANSMISSION_RISK_LEVEL_FIELD_NUMBER: _ClassVar[int]
    ROLLING_START_INTERVAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    ROLLING_PERIOD_FIELD_NUMBER: _ClassVar[int]
    REPORT_TYPE_FIELD_NUMBER: _ClassVar[int]
    DAYS_SINCE_ONSET_OF_SYMPTOMS_FIELD_NUMBER: _ClassVar[int]
    key_data: bytes
    transmission_risk_level: int
    rolling_start_interval_number: int
    rolling_period: int
    report_type: TemporaryExposureKey.ReportType
    days_since_onset_of_symptoms: int
    def __init__(self, key_data: _Optional[bytes] = ..., transmission_risk_level: _Optional[int] = ..., rolling_start_interval_number: _Optional[int] = ..., rolling_period: _Optional[int] = ..., report_type: _Optional[_Union[TemporaryExposureKey.ReportType, str]] = ..., days_since_onset_of_symptoms: _Optional[int] = ...) -> None: ...

class TemporaryExposureKeyExport(_message.Message):
    __slots__ = ("start_timestamp", "end_timestamp", "region", "batch_num", "batch_size", "signature_infos", "keys", "revised_keys")
    START_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    END_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    BATCH_NUM_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_INFOS_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    REVISED_KEYS_FIELD_NUMBER: _ClassVar[int]
    start_timestamp: int
    end_timestamp: int
    region: str
    batch_num: int
    batch_size: int
    signature_infos: _containers.RepeatedCompositeFieldContainer[SignatureInfo]
    keys: _containers.RepeatedCompositeFieldContainer[TemporaryExposureKey]
    revised_keys: _containers.RepeatedCompositeFieldContainer[TemporaryExposureKey]
    def __init__(self, start_timestamp: _Optional[int] = ..., end_timestamp: _Optional[int] = ..., region: _Optional[str] = ..., batch_num: _Optional[int] = ..., batch_size: _Optional[int] = ..., signature_infos: _Optional[_Iterable[_Union[SignatureInfo, _Mapping]]] = ..., keys: _Optional[_Iterable[_Union[TemporaryExposureKey, _Mapping]]] = ..., revised_keys: _Optional[_Iterable[_Union[TemporaryExposureKey, _Mapping]]] = ...) -> None: ...

class SignatureInfo(_message.Message):
    __slots__ = ("verification_key_version", "verification_key_id", "signature_algorithm")
    VERIFICATION_KEY_VERSION_FIELD_NUMBER: _ClassVar[int]
    VERIFICATION_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    verification_key_version: str
    verification_key_id: str
    signature_algorithm: str
    def __init__(self, verification_key_version: _Optional[str] = ..., verification_key_id: _Optional[str] = ..., signature_algorithm: _Optional[str] = ...) -> None: ...

class TEKSignatureList(_message.Message):
    __slots__ = ("signatures",)
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    signatures: _containers.RepeatedCompositeFieldContainer[TEKSignature]
    def __init__(self, signatures: _Optional[_Iterable[_Union[TEKSignature, _Mapping]]] = ...) -> None: ...

class TEKSignature(_message.Message):
    __slots__ = ("signature_info", "batch_num", "batch_size", "signature")
    SIGNATURE_INFO_FIELD_NUMBER: _ClassVar[int]
    BATCH_NUM_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    signature_info: SignatureInfo
    batch_num: int
    batch_size: int
    signature: bytes
    def __init__(self, signature_info: _Optional[_Union[SignatureInfo, _Mapping]] = ..., batch_num: _Optional[int] = ..., batch_size: _Optional[int] = ..., signature: _Optional[bytes] = ...) -> None: ...

class OutbreakEvent(_message.Message):
    __slots__ = ("location_id", "start_time", "end_time", "severity")
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    location_id: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    severity: int
    def __init__(self, location_id: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., severity: _Optional[int] = ...) -> None: ...

class OutbreakEventExport(_message.Message):
    __slots__ = ("start_timestamp", "end_timestamp", "locations")
    START_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    END_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    LOCATIONS_FIELD_NUMBER: _ClassVar[int]
    start_timestamp: int
    end_timestamp: int
    locations: _containers.RepeatedCompositeFieldContainer[OutbreakEvent]
    def __init__(self, start_timestamp: _Optional[int] = ..., end_timestamp: _Optional[int] = ..., locations: _Optional[_Iterable[_Union[OutbreakEvent, _Mapping]]] = ...) -> None: ...

class OutbreakEventExportSignature(_message.Message):
    __slots__ = ("signature",)
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    signature: bytes
    def __init__(self, signature: _Optional[bytes] = ...) -> None: ...
