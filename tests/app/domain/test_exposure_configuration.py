"""What apps require of `CA.json` and `region.json` (app/domain/exposure_configuration.py)."""

import json
from typing import Any

import pytest

from app.domain.exposure_configuration import EXPOSURE_CONFIGURATION, REGIONS, schema_of
from app.retrieval.configuration import SHIPPED

CA: dict[str, Any] = json.loads((SHIPPED / "CA.json").read_text())
REGION: dict[str, Any] = json.loads((SHIPPED / "region.json").read_text())
# What the COVID Alert app requires, copied from its schema, so that a field missing from our schema is detected too.
REQUIRED = {
    "minimumRiskScore",
    "attenuationDurationThresholds",
    "attenuationLevelValues",
    "attenuationWeight",
    "daysSinceLastExposureLevelValues",
    "daysSinceLastExposureWeight",
    "durationLevelValues",
    "durationWeight",
    "transmissionRiskLevelValues",
    "transmissionRiskWeight",
}


def test_shipped_files_have_every_required_field() -> None:
    assert set(CA) >= REQUIRED
    assert set(REGION) >= {"Active", "en", "fr"}
    assert list(EXPOSURE_CONFIGURATION.problems(CA)) == []
    assert list(REGIONS.problems(REGION)) == []


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_each_missing_required_field_is_a_problem(name: str) -> None:
    content = {field: value for field, value in CA.items() if field != name}
    assert list(EXPOSURE_CONFIGURATION.problems(content)) == [f"{name}: is missing"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"minimumRiskScore": 4097}, "minimumRiskScore: must be an integer from 0 to 4096"),
        ({"minimumRiskScore": -1}, "minimumRiskScore: must be an integer from 0 to 4096"),
        ({"durationWeight": 101}, "durationWeight: must be an integer from 0 to 100"),
        ({"durationWeight": "1"}, "durationWeight: must be an integer from 0 to 100"),
        ({"durationWeight": 1.0}, "durationWeight: must be an integer from 0 to 100"),
        ({"durationWeight": True}, "durationWeight: must be an integer from 0 to 100"),
        ({"durationLevelValues": [1] * 7}, "durationLevelValues: must be a list of 8 integers"),
        ({"durationLevelValues": 1}, "durationLevelValues: must be a list of 8 integers"),
        ({"durationLevelValues": [9] * 8}, "durationLevelValues: must hold integers from 0 to 8"),
        ({"durationLevelValues": [None] * 8}, "durationLevelValues: must hold integers from 0 to 8"),
        ({"attenuationDurationThresholds": [50, 101]}, "attenuationDurationThresholds: must hold integers"),
        ({"attenuationDurationThresholds": [62, 50]}, "attenuationDurationThresholds: the first must not be greater"),
        ({"minimumExposureDurationMinutes": 101}, "minimumExposureDurationMinutes: must be an integer from 0 to 100"),
        ({"decommissioned": "yes"}, "decommissioned: must be true or false"),
        ({"decomissioned": True}, "decomissioned: not a field that apps read; did you mean decommissioned?"),
    ],
)
def test_a_wrong_value_is_one_problem_that_names_the_field(change: dict[str, Any], problem: str) -> None:
    [found] = EXPOSURE_CONFIGURATION.problems({**CA, **change})
    assert found.startswith(problem)


def test_the_misspelt_field_of_the_public_server_is_explained() -> None:
    content = {"transmissionRiskLevelWeight": 1, **CA}
    del content["transmissionRiskWeight"]
    assert list(EXPOSURE_CONFIGURATION.problems(content)) == [
        "transmissionRiskLevelWeight: not a field that apps read; did you mean transmissionRiskWeight?"
    ]


@pytest.mark.parametrize("change", [{"decommissioned": True}, {"somethingElse": [1]}])
def test_optional_fields_are_allowed(change: dict[str, Any]) -> None:
    assert list(EXPOSURE_CONFIGURATION.problems({**CA, **change})) == []


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        ({"data": REGION}, ["Active: is missing", "en: is missing", "fr: is missing"]),
        ({**REGION, "Active": [1]}, ["Active: must be a list of strings"]),
        ({**REGION, "en": []}, ["en: must be an object"]),
        ({**REGION, "fr": {"RegionContent": {"NoCode": "x"}}}, ["fr.RegionContent.NoCode: must be an object"]),
        ([], ["file: must be an object"]),
    ],
)
def test_a_region_list_that_apps_refuse_is_refused(content: object, problems: list[str]) -> None:
    assert list(REGIONS.problems(content)) == problems


def test_the_file_name_determines_the_schema() -> None:
    assert schema_of("region") is REGIONS
    assert schema_of("CA") is schema_of("QC") is EXPOSURE_CONFIGURATION
    assert list(schema_of("notes").problems({})) == []
    assert list(schema_of("notes").problems([])) == ["file: must be an object"]
