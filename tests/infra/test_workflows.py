"""One rule: infrastructure.yml applies the infrastructure, and promote.yml alone changes the image of the service."""

import os
from typing import Any

import boto3
import pytest
import yaml

from tests.infra.plans import ENVIRONMENTS, ROOT


def workflow(name: str) -> dict[Any, Any]:
    """Return a workflow; YAML reads the key `on` as true."""
    content = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(content))


def commands(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step and "install-apart" not in step["run"]]


def roles(job: dict[str, Any]) -> set[str]:
    return {step["env"]["AWS_ROLE_ARN"] for step in job["steps"] if "AWS_ROLE_ARN" in step.get("env", {})}


def script(name: str) -> str:
    """Return the commands of a script, without its comments."""
    lines = (ROOT / "bin" / name).read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("#"))


def test_infrastructure_is_applied_to_staging_when_merged_and_to_production_by_a_tag() -> None:
    infrastructure = workflow("infrastructure")
    assert set(infrastructure[True]) == {"push"}
    assert infrastructure[True]["push"]["branches"] == ["main"]
    assert infrastructure[True]["push"]["tags"] == ["v*"]
    assert "infra/**" in infrastructure[True]["push"]["paths"]
    jobs = infrastructure["jobs"]
    assert {name: commands(job) for name, job in jobs.items()} == {
        environment: [f"bin/apply-aws {environment}"] for environment in ENVIRONMENTS
    }
    assert jobs["staging"]["if"].startswith("github.ref_type == 'branch' &&")
    assert jobs["production"]["if"].startswith("github.ref_type == 'tag' &&")


def test_images_are_changed_by_promotions_alone() -> None:
    promote = workflow("promote")
    assert set(promote[True]) == {"workflow_dispatch"}
    assert {name: commands(job) for name, job in promote["jobs"].items()} == {
        name: [f'bin/promote deploy/promotion/plans/aws.toml "$VERSION" --only {name}'] for name in ENVIRONMENTS
    }
    assert promote["jobs"]["production"]["needs"] == "staging"
    built = [
        step["with"]["ref"]
        for job in promote["jobs"].values()
        for step in job["steps"]
        if "ref" in step.get("with", {})
    ]
    assert built == ["${{ inputs.version }}"] * 2, "an image is built from its tag"
    paths = [*(ROOT / ".github" / "workflows").glob("*.yml"), *(ROOT / "bin").iterdir()]
    texts = {path.name: path.read_text(encoding="utf-8") for path in paths if path.is_file()}
    deploying = {name for name, text in texts.items() if "bin/deploy-aws" in text or "infra.release" in text}
    assert deploying == {"deploy-aws", "apply-aws"}


def test_a_promotion_applies_nothing_and_an_application_names_no_image() -> None:
    assert 'infrastructure "$environment" output' in script("deploy-aws")
    assert " apply" not in script("deploy-aws")
    assert "--image" in script("deploy-aws")
    assert "--image" not in script("apply-aws")
    assert "push-image" not in script("apply-aws")
    assert "IMAGE_TAG" not in script("infrastructure"), "the image is that of the newest task definition"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_is_changed_by_one_job_at_a_time_with_a_role_of_its_own(environment: str) -> None:
    jobs = {name: workflow(name)["jobs"][environment] for name in ("infrastructure", "promote")}
    assert {job["environment"] for job in jobs.values()} == {environment}, "production requires an approval"
    groups = [job["concurrency"] for job in jobs.values()]
    assert groups == [{"group": f"aws-{environment}", "cancel-in-progress": False}] * 2
    name = f"AWS_{environment.upper()}"
    assert roles(jobs["infrastructure"]) == {f"${{{{ vars.{name}_APPLY_ROLE }}}}"}
    assert roles(jobs["promote"]) == {f"${{{{ vars.{name}_PROMOTE_ROLE }}}}"}


def test_programs_of_workflows_find_the_region(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the variables for it, AWS_REGION is not read by boto3."""
    paths = (ROOT / ".github" / "workflows").glob("*.yml")
    steps = [step for path in paths for job in workflow(path.stem)["jobs"].values() for step in job["steps"]]
    environments = [step["env"] for step in steps if "AWS_ROLE_ARN" in step.get("env", {})]
    assert len(environments) == 6
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    for environment in environments:
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(name, raising=False)
            if name in environment:
                monkeypatch.setenv(name, environment[name])
        assert boto3.session.Session().region_name == "ca-central-1"
