"""The exposure configuration: the weights by which a health authority turns what was heard into a risk.

A phone fetches it before every check. When it cannot be had or makes no sense the phone goes on with the copy of its
last check, and without one with the default below, which is the public app's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clients.phone.errors import DecommissionedError

LEVELS = 8
PATH = "/exposure-configuration/CA.json"

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

    The four lists hold eight scores of 0 to 8, one for each bucket; the thresholds are attenuations in dB that part
    "immediate" from "near" from "far". The weights of the file are reserved in that version, and take no part.
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
    """Read a configuration; raise ValueError if it makes no sense, DecommissionedError if it says so."""
    if raw.get("decommissioned") is True:
        raise DecommissionedError("the service has ended: its configuration says that every phone must stop")
    immediate, near = _numbers(raw, "attenuationDurationThresholds", 2, most=255)
    if immediate > near:
        raise ValueError("attenuationDurationThresholds are not in order")
    return Configuration(
        minimum_risk_score=_number(raw, "minimumRiskScore", most=4096),
        immediate_db=immediate,
        near_db=near,
        attenuation=_numbers(raw, "attenuationLevelValues", LEVELS),
        days=_numbers(raw, "daysSinceLastExposureLevelValues", LEVELS),
        duration=_numbers(raw, "durationLevelValues", LEVELS),
        transmission=_numbers(raw, "transmissionRiskLevelValues", LEVELS),
        minimum_minutes=_number({"minimumExposureDurationMinutes": 15, **raw}, "minimumExposureDurationMinutes", 1440),
    )


def _number(raw: Mapping[str, Any], name: str, most: int) -> int:
    value = raw.get(name)
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{name} is not a whole number from 0 to {most}")
    return value


def _numbers(raw: Mapping[str, Any], name: str, count: int, most: int = 8) -> tuple[int, ...]:
    values = raw.get(name)
    if not isinstance(values, list) or len(values) != count:
        raise ValueError(f"{name} is not a list of {count}")
    return tuple(_number({name: value}, name, most) for value in values)
