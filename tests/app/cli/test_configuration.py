"""`flask configuration check`, and the check at the start (app/cli/configuration.py)."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli.configuration import configuration
from app.domain.errors import ConfigurationError
from app.retrieval.configuration import SHIPPED, load_configuration
from tests.support.command_line import flask
from tests.support.settings import SECRETS

MISSPELT = "transmissionRiskLevelWeight: not a field that apps read; did you mean transmissionRiskWeight?"


def check(*words: str, **settings: str) -> Result:
    return CliRunner().invoke(configuration, ["check", *words], env=settings)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of replacements in which two files are wrong."""
    content = json.loads((SHIPPED / "CA.json").read_text())
    content["transmissionRiskLevelWeight"] = content.pop("transmissionRiskWeight")
    (tmp_path / "CA.json").write_text(json.dumps({**content, "decommissioned": 1}))
    (tmp_path / "QC.json").write_text("{")
    return tmp_path


def test_the_shipped_files_pass_without_any_settings() -> None:
    result = flask("configuration", "check")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("No problem in ")


def test_each_problem_of_a_folder_is_a_line_and_the_exit_status_is_1(folder: Path) -> None:
    for result in (
        check(str(folder)),
        check(EXPOSURE_CONFIGURATION_PATH=str(folder)),
    ):
        assert result.exit_code == 1
        assert sorted(result.stderr.splitlines()) == [
            f"{folder}/CA.json: decommissioned: must be true or false",
            f"{folder}/CA.json: {MISSPELT}",
            f"{folder}/QC.json: is not JSON: Expecting property name enclosed in double quotes: "
            "line 1 column 2 (char 1)",
        ]


def test_a_folder_that_does_not_exist_is_a_problem() -> None:
    result = check("/no/such/folder")
    assert (result.exit_code, result.stderr) == (1, "/no/such/folder is not a folder\n")


def test_a_folder_in_which_nothing_is_checked_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "CA.json.new").write_text("{")
    result = check(str(tmp_path))
    assert (result.exit_code, result.stderr) == (1, f"{tmp_path} has no file whose name ends in .json\n")
    with pytest.raises(ConfigurationError, match=r"has no file whose name ends in \.json"):
        load_configuration(str(tmp_path))


def test_the_service_does_not_start_with_a_file_that_phones_refuse(folder: Path) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        load_configuration(str(folder))
    assert str(refusal.value) == f"EXPOSURE_CONFIGURATION_PATH: {folder}/CA.json: {MISSPELT}"


def test_a_wrong_file_is_one_line_of_the_command_line_and_can_still_be_checked(folder: Path) -> None:
    settings = {
        **SECRETS,
        "DATABASE_URL": "postgresql://nobody@127.0.0.1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "EXPOSURE_CONFIGURATION_PATH": str(folder),
    }
    stopped = flask("counts", **settings)
    assert (stopped.returncode, stopped.stdout) == (1, "")
    assert stopped.stderr == f"Error: EXPOSURE_CONFIGURATION_PATH: {folder}/CA.json: {MISSPELT}\n"
    assert "is not JSON" in flask("configuration", "check", **settings).stderr


def test_a_valid_replacement_is_served(tmp_path: Path) -> None:
    content = {**json.loads((SHIPPED / "CA.json").read_text()), "decommissioned": True}
    (tmp_path / "CA.json").write_text(json.dumps(content))
    assert json.loads(load_configuration(str(tmp_path))["CA"].text)["decommissioned"] is True
