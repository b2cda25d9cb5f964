"""What real apps require of the files below `/exposure-configuration`.

An app validates such a file against a schema that it carries. It refuses an invalid file and continues with its saved
copy or its built-in default, without any sign to the operator. The names, the ranges and which fields are required are
those of the COVID Alert app (`ExposureConfigurationSchema.json`, `regionSchema.json`).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

Check = Callable[[str, object], Iterator[str]]
"""Yields one line for each problem of a value, given the full name of its field."""

_LEVELS: Final = 8
_MAX_LEVEL: Final = 8
_MAX_WEIGHT: Final = 100
_MAX_ATTENUATION_DB: Final = 100
_MAX_RISK_SCORE: Final = 4096  # 8 * 8 * 8 * 8
_MAX_MINUTES: Final = 100


@dataclass(frozen=True)
class Schema:
    """The fields of a JSON object. Fields that it does not name are allowed, as apps allow them."""

    required: Mapping[str, Check] = field(default_factory=dict)
    optional: Mapping[str, Check] = field(default_factory=dict)

    def problems(self, value: object, prefix: str = "") -> Iterator[str]:
        """Yield one line for each problem of a parsed JSON value: the field's full name, a colon, what is wrong."""
        if not isinstance(value, dict):
            yield f"{prefix.rstrip('.') or 'file'}: must be an object"
            return
        fields = {**self.required, **self.optional}
        unknown = [name for name in value if name not in fields]
        for name, check in fields.items():
            if name in value:
                yield from check(prefix + name, value[name])
                continue
            similar = get_close_matches(name, unknown, 1, 0.8)
            if similar:
                yield f"{prefix}{similar[0]}: not a field that apps read; did you mean {name}?"
            elif name in self.required:
                yield f"{prefix}{name}: is missing"


def _integer(most: int) -> Check:
    def check(name: str, value: object) -> Iterator[str]:
        if type(value) is not int or not 0 <= value <= most:
            yield f"{name}: must be an integer from 0 to {most}"

    return check


def _integers(count: int, most: int) -> Check:
    def check(name: str, value: object) -> Iterator[str]:
        if not isinstance(value, list) or len(value) != count:
            yield f"{name}: must be a list of {count} integers"
        elif not all(type(item) is int and 0 <= item <= most for item in value):
            yield f"{name}: must hold integers from 0 to {most}"

    return check


def _thresholds(name: str, value: object) -> Iterator[str]:
    problems = list(_integers(2, _MAX_ATTENUATION_DB)(name, value))
    yield from problems
    if not problems and isinstance(value, list) and value[0] > value[1]:
        yield f"{name}: the first must not be greater than the second"


def _boolean(name: str, value: object) -> Iterator[str]:
    if not isinstance(value, bool):
        yield f"{name}: must be true or false"


def _strings(name: str, value: object) -> Iterator[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        yield f"{name}: must be a list of strings"


def _object(schema: Schema) -> Check:
    def check(name: str, value: object) -> Iterator[str]:
        yield from schema.problems(value, f"{name}.")

    return check


EXPOSURE_CONFIGURATION: Final = Schema(
    required={
        "minimumRiskScore": _integer(_MAX_RISK_SCORE),
        "attenuationDurationThresholds": _thresholds,
        "attenuationLevelValues": _integers(_LEVELS, _MAX_LEVEL),
        "attenuationWeight": _integer(_MAX_WEIGHT),
        "daysSinceLastExposureLevelValues": _integers(_LEVELS, _MAX_LEVEL),
        "daysSinceLastExposureWeight": _integer(_MAX_WEIGHT),
        "durationLevelValues": _integers(_LEVELS, _MAX_LEVEL),
        "durationWeight": _integer(_MAX_WEIGHT),
        "transmissionRiskLevelValues": _integers(_LEVELS, _MAX_LEVEL),
        "transmissionRiskWeight": _integer(_MAX_WEIGHT),
    },
    optional={
        "minimumExposureDurationMinutes": _integer(_MAX_MINUTES),
        "decommissioned": _boolean,
    },
)

_ANY_OBJECT: Final = Schema()
_REGION_CONTENT: Final = Schema(
    optional={name: _object(_ANY_OBJECT) for name in ("DiagnosedView", "NoCode", "ExposureView")}
)
_REGION_TEXTS: Final = Schema(optional={"RegionContent": _object(_REGION_CONTENT)})
REGIONS: Final = Schema(
    required={"Active": _strings, "en": _object(_REGION_TEXTS), "fr": _object(_REGION_TEXTS)},
)


def schema_of(name: str) -> Schema:
    """Return the schema of a file by its name without `.json`.

    `region` lists the regions. Two capital letters, such as `CA`, are the exposure configuration of a country. Any
    other file must only be an object: apps do not read it.
    """
    if name == "region":
        return REGIONS
    return EXPOSURE_CONFIGURATION if re.fullmatch("[A-Z]{2}", name) else _ANY_OBJECT
