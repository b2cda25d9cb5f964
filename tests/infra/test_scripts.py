"""The scripts that state the image of an environment, with a program in the place of AWS's own."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.infra.plans import ROOT


@pytest.fixture
def aws(tmp_path: Path) -> Path:
    """A file for the commands of a program `aws`, which is found first."""
    program = tmp_path / "aws"
    program.touch(mode=0o755)
    return program


def run(aws: Path, script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    path = {"PATH": f"{aws.parent}:{os.environ['PATH']}"}
    return subprocess.run([ROOT / "bin" / script, *arguments], env=path, capture_output=True, text=True, check=False)


def test_the_image_is_that_of_the_newest_task_definition(aws: Path) -> None:
    aws.write_text(
        """#!/bin/sh
case "$*" in
  "ecs list-task-definitions --family-prefix alert-staging-release --sort DESC "*) printf 'arn:9\\nNone\\n' ;;
  "ecs describe-task-definition --task-definition arn:9 "*) echo registry:5000/alert-staging:v1.2.3 ;;
  *) exit 2 ;;
esac
"""
    )
    result = run(aws, "running-image", "alert-staging")
    assert (result.returncode, result.stdout) == (0, "v1.2.3\n"), result.stderr


def test_there_is_no_image_before_the_first_deployment(aws: Path) -> None:
    aws.write_text("#!/bin/sh\necho None\n")
    result = run(aws, "running-image", "alert-staging")
    assert (result.returncode, result.stdout) == (0, ""), result.stderr


def test_an_image_that_cannot_be_looked_up_is_an_error_and_not_the_first_one(aws: Path) -> None:
    aws.write_text("#!/bin/sh\nexit 254\n")
    assert run(aws, "running-image", "alert-staging").returncode != 0


def test_an_image_is_not_built_under_the_name_of_another_release(aws: Path) -> None:
    aws.write_text("#!/bin/sh\nexit 254\n")  # the tag is not in the registry
    result = run(aws, "push-image", "registry/alert-staging", "v0.0.0")
    assert result.returncode != 0
    assert "Check out v0.0.0" in result.stderr


def test_an_image_that_is_in_the_registry_is_left_alone(aws: Path) -> None:
    aws.write_text("#!/bin/sh\nexit 0\n")
    result = run(aws, "push-image", "registry/alert-staging", "v0.0.0")
    assert (result.returncode, result.stdout) == (0, "registry/alert-staging:v0.0.0 exists\n")
