"""The scripts that state the image of an environment, with a program in the place of AWS's own."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.infra.plans import AWS, ENVIRONMENTS, ROOT


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


NOT_FOUND = """#!/bin/sh
echo "An error occurred (ImageNotFoundException) when calling the DescribeImages operation: none" >&2
exit 254
"""


def test_an_image_is_not_built_under_the_name_of_another_release(aws: Path) -> None:
    aws.write_text(NOT_FOUND)
    result = run(aws, "push-image", "registry/alert-staging", "v0.0.0")
    assert result.returncode != 0
    assert "Check out v0.0.0" in result.stderr


def test_a_registry_that_cannot_be_asked_is_an_error_and_not_an_image_that_is_missing(aws: Path) -> None:
    aws.write_text("#!/bin/sh\necho ExpiredTokenException >&2\nexit 254\n")
    result = run(aws, "push-image", "registry/alert-staging", "v0.0.0")
    assert (result.returncode, result.stderr) == (1, "ExpiredTokenException\n")


def test_an_image_that_is_in_the_registry_is_left_alone(aws: Path) -> None:
    aws.write_text("#!/bin/sh\nexit 0\n")
    result = run(aws, "push-image", "registry/alert-staging", "v0.0.0")
    assert (result.returncode, result.stdout) == (0, "registry/alert-staging:v0.0.0 exists\n")


CURL = """#!/bin/sh
printf x >> "$0.calls"
printf '{"value": "token %s"}' "$(wc -c < "$0.calls")"
"""


def test_github_identity_keeps_the_token_valid_while_a_command_runs(tmp_path: Path) -> None:
    """A release runs for longer than a token, and than the hour for which AWS accepts a role."""
    (tmp_path / "curl").write_text(CURL)
    (tmp_path / "curl").chmod(0o755)
    token = tmp_path / "identity"
    variables = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "ACTIONS_ID_TOKEN_REQUEST_URL": "https://github.example/?a=b",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
        "IDENTITY_SECONDS": "0.05",
    }
    waits = f'until [ "$(tr -dc 0-9 < {token})" -ge 3 ]; do sleep 0.01; done; exit 7'
    command = [ROOT / "bin" / "github-identity", "sh", "-c", waits]
    assert subprocess.run(command, env=variables, timeout=60, check=False).returncode == 7
    elsewhere = {"PATH": os.environ["PATH"]}
    assert subprocess.run([command[0], "sh", "-c", "exit 7"], env=elsewhere, check=False).returncode == 7
    assert subprocess.run(command[:1], env=elsewhere, check=False).returncode == 0


COMMITTER = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
# Replaces bin/install-apart with Terraform: writes down its arguments, and prints the outputs of a state.
TERRAFORM = """#!/bin/sh
shift 5
echo "$*" >> calls
case "$*" in
  "output -json") cat outputs.json ;;
  "output -raw applied") cat applied ;;
  plan*) ls infra > planned; for each in "$@"; do case $each in -out=*) touch infra/aws/service/plan ;; esac; done ;;
esac
"""
IDENTITY = '#!/bin/sh\nexec "$@"\n'
OUTPUTS = '{"name": {"value": "alert-staging"}, "applied": {"value": "the-commit-before"}}'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with the scripts, whose Terraform is a stand-in, and which runs the image v1.2.3."""
    for folder in ("bin", "infra/aws/service", "infra/aws/staging", "infra/aws/modules/deployment_check"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "infra/aws/modules/deployment_check/check.py").touch()
    for name in ("infrastructure", "check-drift"):
        shutil.copy(ROOT / "bin" / name, tmp_path / "bin" / name)
    fakes = {"install-apart": TERRAFORM, "github-identity": IDENTITY, "running-image": "#!/bin/sh\necho v1.2.3\n"}
    for name, text in fakes.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "outputs.json").write_text(OUTPUTS)
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    (tmp_path / ".gitignore").write_text("/calls\n/planned\n/applied\n/outputs.json\n*.zip\nplan\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    return tmp_path


def git(project: Path, *arguments: str) -> str:
    command = ["git", "-C", str(project), *arguments]
    return subprocess.run(
        command, env=os.environ | COMMITTER, capture_output=True, text=True, check=True
    ).stdout.strip()


def infrastructure(project: Path, *arguments: str, answer: str = "") -> "subprocess.CompletedProcess[str]":
    command = [project / "bin" / "infrastructure", "staging", *arguments]
    return subprocess.run(command, input=answer, capture_output=True, text=True, check=False)


def calls(project: Path, verb: str) -> list[str]:
    """Return the arguments with which a command of Terraform was called."""
    return [line for line in (project / "calls").read_text().splitlines() if line.startswith(verb)]


def test_what_is_applied_has_the_image_that_runs_and_the_commit_that_is_checked_out(project: Path) -> None:
    assert infrastructure(project, "apply", "-auto-approve").returncode == 0
    (applied,) = calls(project, "apply")
    assert "-var=image_tag=v1.2.3" in applied
    assert f"-var=applied={git(project, 'rev-parse', 'HEAD')}" in applied
    assert infrastructure(project, "plan").returncode == 0
    assert "-var=applied=the-commit-before" in calls(project, "plan")[0]


def test_each_environment_has_a_state_of_its_own_for_what_is_made_first(project: Path) -> None:
    assert '  backend "local" {}\n' in (AWS / "bootstrap" / "versions.tf").read_text(encoding="utf-8")
    (project / "infra/aws/bootstrap").mkdir()
    for environment in ENVIRONMENTS:
        (project / "infra/aws" / environment).mkdir(exist_ok=True)
        command = [project / "bin" / "infrastructure", "--root", "bootstrap", environment, "plan"]
        assert subprocess.run(command, check=False).returncode == 0
    paths = [re.findall(r"-backend-config=path=(\S+)", line) for line in calls(project, "init")]
    assert paths == [[f"../{environment}/bootstrap.tfstate"] for environment in ENVIRONMENTS]


def test_before_the_first_apply_there_is_no_image(project: Path) -> None:
    (project / "outputs.json").write_text("{}")
    assert infrastructure(project, "apply", "-auto-approve").returncode == 0
    assert "image_tag" not in calls(project, "apply")[0]


def test_a_state_that_cannot_be_read_is_not_taken_for_a_first_apply(project: Path) -> None:
    (project / "outputs.json").unlink()
    assert infrastructure(project, "apply", "-auto-approve").returncode != 0
    assert calls(project, "apply") == []


@pytest.mark.parametrize(("command", "planned"), [("apply", False), ("destroy", True)])
def test_a_plan_is_carried_out_only_after_a_yes_and_is_not_kept(project: Path, command: str, planned: bool) -> None:
    assert infrastructure(project, command, answer="no\n").returncode == 1
    assert calls(project, "apply") == calls(project, "destroy") == []
    assert infrastructure(project, command, answer="yes\n").returncode == 0
    assert calls(project, "apply") == ["apply -input=false plan"]
    assert {"-destroy" in line.split() for line in calls(project, "plan")} == {planned}
    assert not (project / "infra/aws/service/plan").exists()


def test_the_image_is_built_for_the_processors_that_run_it(project: Path, aws: Path) -> None:
    shutil.copy(ROOT / "bin" / "push-image", project / "bin")
    aws.write_text(
        """#!/bin/sh
case "$1 $2" in
  "ecr describe-images") echo ImageNotFoundException >&2; exit 254 ;;
  "ecr get-login-password") ;;
  *) echo "$*" >> "$0.docker" ;;
esac
"""
    )
    aws.with_name("docker").symlink_to(aws)
    git(project, "tag", "v1.2.3")
    path = {"PATH": f"{aws.parent}:{os.environ['PATH']}"}
    pushed = subprocess.run([project / "bin" / "push-image", "registry/alert", "v1.2.3"], env=path, check=False)
    assert pushed.returncode == 0
    (built,) = [line for line in aws.with_name("docker.docker").read_text().splitlines() if line.startswith("build ")]
    assert "--platform linux/amd64 " in built
    modules = (ROOT / "infra/aws/modules/process/main.tf").read_text(encoding="utf-8")
    assert re.findall(r'cpu_architecture += "(\w+)"', modules) == ["X86_64"]


def test_drift_is_a_difference_from_what_was_applied_and_not_from_the_main_branch(project: Path) -> None:
    (project / "applied").write_text(git(project, "rev-parse", "HEAD"))
    (project / "infra" / "new.tf").touch()
    git(project, "add", ".")
    git(project, "commit", "--quiet", "--message", "two")
    assert subprocess.run([project / "bin" / "check-drift", "staging"], check=False).returncode == 0
    assert (project / "planned").read_text().split() == ["aws"]
    assert git(project, "status", "--porcelain") == ""  # what is checked out is as it was
    assert (project / "infra" / "new.tf").exists()


@pytest.mark.parametrize("missing", ["applied", "committed"])
def test_drift_is_not_looked_for_without_what_was_applied_or_over_changes(project: Path, missing: str) -> None:
    if missing == "committed":
        (project / "applied").write_text(git(project, "rev-parse", "HEAD"))
        (project / "infra" / "new.tf").touch()
    assert subprocess.run([project / "bin" / "check-drift", "staging"], check=False).returncode != 0
    assert not (project / "planned").exists()
