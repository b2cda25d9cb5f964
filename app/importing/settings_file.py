"""The public server's `config.yaml` as settings of this service (rule 106)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from app.config.settings import parse_setting
from app.domain.errors import ConfigurationError
from app.importing.errors import SourceError

# In lower case: the public server reads this file without regard to case.
_SETTINGS: Final = {
    "workerexpirationinterval": "WORKER_EXPIRATION_INTERVAL",
    "maxconsecutiveclaimkeyfailures": "MAX_CONSECUTIVE_CLAIM_KEY_FAILURES",
    "claimkeybanduration": "CLAIM_KEY_BAN_HOURS",
    "maxdiagnosiskeyretentiondays": "MAX_DIAGNOSIS_KEY_RETENTION_DAYS",
    "initialremainingkeys": "INITIAL_REMAINING_KEYS",
    "encryptionkeyvaliditydays": "ENCRYPTION_KEY_VALIDITY_DAYS",
    "onetimecodeexpiryinminutes": "ONE_TIME_CODE_EXPIRY_MINUTES",
    "hmackeylength": "HMAC_KEY_LENGTH",
    "corsaccesscontrolalloworigin": "CORS_ACCESS_CONTROL_ALLOW_ORIGIN",
    "disablecurrentdatecheckfeatureflag": "DISABLE_CURRENT_DATE_CHECK",
    "enableentireperiodbundle": "ENABLE_ENTIRE_PERIOD_BUNDLE",
    "regioncode": "REGION_CODE",
}
_ONE_FORM: Final = "codes have one form here"
_PORT: Final = "set PORT or BIND_ADDR for each process; without them it is 8000 for submission alone, else 8001"
_NO_NONCE: Final = "this service has no attestation of devices"
_WITHOUT_COUNTERPART: Final = {
    "defaultsubmissionserverport": _PORT,
    "defaultretrievalserverport": _PORT,
    "defaultserverport": _PORT,
    "maxonetimecode": _ONE_FORM,
    "assignmentparts": _ONE_FORM,
    "redisnonceattempts": _NO_NONCE,
    "redisnoncetimeoutseconds": _NO_NONCE,
}
# The public server's defaults for missing words, where this service has another default.
_OTHER_DEFAULTS: Final = {"initialremainingkeys": 28, "enableentireperiodbundle": False}


@dataclass(frozen=True)
class TranslatedSettings:
    """Settings by name, and a remark about each word without a counterpart."""

    settings: Mapping[str, str]
    remarks: tuple[str, ...]


def translate(document: str) -> TranslatedSettings:
    """Return the settings of a `config.yaml`. Raises SourceError if it is not a YAML mapping."""
    try:
        words = yaml.safe_load(document)
    except yaml.YAMLError as error:
        raise SourceError(f"not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(words, dict):
        raise SourceError("not a mapping of words to values")
    given = {str(word).lower(): (str(word), value) for word, value in words.items()}
    for word, default in _OTHER_DEFAULTS.items():
        given.setdefault(word, (word, default))
    settings: dict[str, str] = {}
    remarks: list[str] = []
    for lower, (word, value) in given.items():
        if lower in _SETTINGS:
            name, raw = _SETTINGS[lower], _text(value)
            reason = _reason_to_refuse(name, raw)
            settings |= {name: raw} if reason is None else {}
            remarks += [] if reason is None else [f"{word}: {name} does not take this value: {reason}"]
        else:
            remarks.append(f"{word}: {_WITHOUT_COUNTERPART.get(lower, 'unknown')}")
    return TranslatedSettings(settings, tuple(remarks))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _reason_to_refuse(name: str, raw: str) -> str | None:
    """Return why a setting cannot have a value, or None if it can."""
    try:
        parse_setting(name, raw)
    except ConfigurationError as error:
        return str(error).removeprefix(f"{name}: ")
    return None
