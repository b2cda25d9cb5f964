"""The exposure configuration: the weights by which a health authority turns received identifiers into a risk.

A phone fetches it before every check. If the file is unavailable or invalid, the phone uses the copy that it saved at
its last check, or the default below, which is the public app's. A file is invalid as a whole: a single wrong field
makes a real app refuse all of it, `decommissioned` included.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clients.phone.errors import DecommissionedError

LEVELS = 8
NAME = "the exposure configuration CA.json"
PATH = "/exposure-configuration/CA.json"
WEIGHTS = ("attenuationWeight", "daysSinceLastExposureWeight", "durationWeight", "transmissionRiskWeight")

DEFAULT: dict[str, Any] = {
    "minimumRiskScore": 1,
    "attenuationDurationThresholds": [50, 62],
    "attenuationLevelValues": [2, 3, 4, 5, 6, 7, 8, 8],
    "attenuationWeight": 1,
    "daysSinceLastExposureLevelValues": [0, 1, 1, 1, 1, 1, 1, 1],
    "daysSinceLastExposureWeight": 1,
    "durationLevelValues": [1, 1, 1, 1, 1, 1, 1, 1],
    "durationWeight": 1,
    "transmissionRiskLevelValues": [1, 1, 1, 1, 1, 1, 1, 1],
    "transmissionRiskWeight": 1,
    "minimumExposureDurationMinutes": 15,
}


@dataclass(frozen=True, slots=True)
class Configuration:
    """The configuration as version 1 of the Exposure Notification interface reads it.

    The four lists hold eight scores from 0 to 8, one for each bucket. The thresholds are attenuations in dB: up to the
    first is "immediate", up to the second "near", above it "far". The weights are reserved in that version: they must
    be in the file, and are not used.
    """

    minimum_risk_score: int
    immediate_db: int
    near_db: int
    attenuation: tuple[int, ...]
    days: tuple[int, ...]
    duration: tuple[int, ...]
    transmission: tuple[int, ...]
    minimum_minutes: int


def parse(raw: Mapping[str, Any]) -> Configuration:
    """Return a valid configuration.

    Raises ValueError with the first field that is missing or wrong, and DecommissionedError if a valid file
    declares the end of the service.
    """
    for weight in WEIGHTS:
        _integer(raw, weight, 100)
    immediate, near = _integers(raw, "attenuationDurationThresholds", 2, 100)
    if immediate > near:
        raise ValueError("attenuationDurationThresholds: the first is greater than the second")
    parsed = Configuration(
        minimum_risk_score=_integer(raw, "minimumRiskScore", 4096),
        immediate_db=immediate,
        near_db=near,
        attenuation=_integers(raw, "attenuationLevelValues", LEVELS, 8),
        days=_integers(raw, "daysSinceLastExposureLevelValues", LEVELS, 8),
        duration=_integers(raw, "durationLevelValues", LEVELS, 8),
        transmission=_integers(raw, "transmissionRiskLevelValues", LEVELS, 8),
        minimum_minutes=_integer({"minimumExposureDurationMinutes": 15, **raw}, "minimumExposureDurationMinutes", 100),
    )
    if type(raw.get("decommissioned", False)) is not bool:
        raise ValueError("decommissioned: is neither true nor false")
    if raw.get("decommissioned"):
        raise DecommissionedError("the service has ended: its configuration decommissions the app")
    return parsed


def _integer(raw: Mapping[str, Any], name: str, most: int) -> int:
    if name not in raw:
        raise ValueError(f"{name}: is missing")
    value = raw[name]
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{name}: is not an integer from 0 to {most}")
    return value


def _integers(raw: Mapping[str, Any], name: str, count: int, most: int) -> tuple[int, ...]:
    if name not in raw:
        raise ValueError(f"{name}: is missing")
    values = raw[name]
    if not isinstance(values, list) or len(values) != count:
        raise ValueError(f"{name}: is not a list of {count} integers")
    return tuple(_integer({name: value}, name, most) for value in values)
