// The protocol's messages, as app/proto/covidshield.proto defines them; a test compares the two.
//
// A field has a number, a name and a type: the name of a scalar type, an enum or another message. `unit` is the unit of
// a number that represents a time, so that the page can show the time.

const field = (number, name, type, options = {}) => ({ number, name, type, ...options });
const message = (name, ...fields) => ({ name, fields });
const enumeration = (name, values) => ({ name, values });

const ClaimError = enumeration("KeyClaimResponse.ErrorCode", {
  0: "NONE",
  1: "UNKNOWN",
  2: "INVALID_ONE_TIME_CODE",
  3: "SERVER_ERROR",
  4: "INVALID_KEY",
  5: "TEMPORARY_BAN",
});

const UploadError = enumeration("EncryptedUploadResponse.ErrorCode", {
  0: "NONE",
  1: "UNKNOWN",
  2: "INVALID_KEYPAIR",
  3: "DECRYPTION_FAILED",
  4: "INVALID_PAYLOAD",
  5: "SERVER_ERROR",
  6: "INVALID_CRYPTO_PARAMETERS",
  7: "TOO_MANY_KEYS",
  8: "INVALID_TIMESTAMP",
  10: "INVALID_ROLLING_PERIOD",
  11: "INVALID_KEY_DATA",
  12: "INVALID_ROLLING_START_INTERVAL_NUMBER",
  13: "INVALID_TRANSMISSION_RISK_LEVEL",
  14: "NO_KEYS_IN_PAYLOAD",
});

const ReportType = enumeration("TemporaryExposureKey.ReportType", {
  0: "UNKNOWN",
  1: "CONFIRMED_TEST",
  2: "CONFIRMED_CLINICAL_DIAGNOSIS",
  3: "SELF_REPORT",
  4: "RECURSIVE",
  5: "REVOKED",
});

const Timestamp = message(
  "google.protobuf.Timestamp",
  field(1, "seconds", "int64", { unit: "seconds" }),
  field(2, "nanos", "int32"),
);

const Duration = message("google.protobuf.Duration", field(1, "seconds", "int64"), field(2, "nanos", "int32"));

export const KeyClaimRequest = message(
  "KeyClaimRequest",
  field(1, "one_time_code", "string"),
  field(2, "app_public_key", "bytes"),
);

export const KeyClaimResponse = message(
  "KeyClaimResponse",
  field(1, "error", ClaimError),
  field(2, "server_public_key", "bytes"),
  field(3, "tries_remaining", "uint32"),
  field(4, "remaining_ban_duration", Duration),
);

export const EncryptedUploadRequest = message(
  "EncryptedUploadRequest",
  field(1, "server_public_key", "bytes"),
  field(2, "app_public_key", "bytes"),
  field(3, "nonce", "bytes"),
  field(4, "payload", "bytes"),
);

export const EncryptedUploadResponse = message("EncryptedUploadResponse", field(1, "error", UploadError));

export const TemporaryExposureKey = message(
  "TemporaryExposureKey",
  field(1, "key_data", "bytes"),
  field(2, "transmission_risk_level", "int32"),
  field(3, "rolling_start_interval_number", "int32", { unit: "interval" }),
  field(4, "rolling_period", "int32"),
  field(5, "report_type", ReportType),
  field(6, "days_since_onset_of_symptoms", "sint32"),
);

export const Upload = message(
  "Upload",
  field(1, "timestamp", Timestamp),
  field(2, "keys", TemporaryExposureKey, { repeated: true }),
);

export const SignatureInfo = message(
  "SignatureInfo",
  field(3, "verification_key_version", "string"),
  field(4, "verification_key_id", "string"),
  field(5, "signature_algorithm", "string"),
);

export const TemporaryExposureKeyExport = message(
  "TemporaryExposureKeyExport",
  field(1, "start_timestamp", "fixed64", { unit: "seconds" }),
  field(2, "end_timestamp", "fixed64", { unit: "seconds" }),
  field(3, "region", "string"),
  field(4, "batch_num", "int32"),
  field(5, "batch_size", "int32"),
  field(6, "signature_infos", SignatureInfo, { repeated: true }),
  field(7, "keys", TemporaryExposureKey, { repeated: true }),
  field(8, "revised_keys", TemporaryExposureKey, { repeated: true }),
);

export const TEKSignature = message(
  "TEKSignature",
  field(1, "signature_info", SignatureInfo),
  field(2, "batch_num", "int32"),
  field(3, "batch_size", "int32"),
  field(4, "signature", "bytes"),
);

export const TEKSignatureList = message(
  "TEKSignatureList",
  field(1, "signatures", TEKSignature, { repeated: true }),
);
