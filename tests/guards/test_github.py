"""GitHub workflows: pinned, with the least permissions, running only scripts that contributors can run too."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

from tests.guards.source import ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
# Workflows of the main branch and of tags alone.
ALWAYS_OURS = ("release.yml", "infrastructure.yml", "infrastructure-drift.yml", "promote.yml")
FORKS = "review-app-forks.yml"
PLAN = "infrastructure-plan.yml: plan"
FORMS = sorted((GITHUB / "ISSUE_TEMPLATE").glob("[0-9]*.yml"))


def content(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for name, job in content(path)["jobs"].items():
            yield f"{path.name}: {name}", job


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, job in jobs():
        yield from ((name, step) for step in job["steps"])


def commands() -> set[str]:
    """Return every command line of the workflows, including those of matrices."""
    rows = [row for _, job in jobs() for row in job.get("strategy", {}).get("matrix", {}).get("include", [])]
    written = [step["run"] for _, step in steps() if "run" in step and step["run"] != "$COMMAND"]
    return {row["command"] for row in rows} | {line.strip() for text in written for line in text.splitlines()}


def violations(schema: str, paths: list[Path]) -> str:
    """Return what is wrong with some files by a schema that check-jsonschema knows; empty if nothing is."""
    result = CliRunner().invoke(check_jsonschema, ["--builtin-schema", schema, *map(str, paths)])
    return result.output if result.exit_code else ""


def test_workflows_follow_their_schema_and_have_timeouts() -> None:
    assert violations("vendor.github-workflows", WORKFLOWS) == ""
    assert violations("custom.github-workflows-require-timeout", WORKFLOWS) == "", "give each job a timeout"


def test_actions_are_pinned_to_a_commit_and_name_their_version() -> None:
    used = [
        line.strip().removeprefix("- ")
        for path in WORKFLOWS
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"\buses:", line)
    ]
    assert used
    assert [line for line in used if not re.fullmatch(r"uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []
    assert len(set(used)) == len({line.partition("@")[0] for line in used})


def test_workflows_start_without_permissions_and_run_one_at_a_time() -> None:
    workflows = {path.name: content(path) for path in WORKFLOWS}
    privileged = [name for name, workflow in workflows.items() if workflow["permissions"] != {}]
    assert privileged == [], "write `permissions: {}` at the top, and give each job what it needs"
    assert [name for name, workflow in workflows.items() if "concurrency" not in workflow] == []
    assert [name for name, job in jobs() if "permissions" not in job] == [], "state the permissions of each job"


def test_workflows_use_no_secrets_and_do_not_trust_forks() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in WORKFLOWS}
    assert offending(texts, "secrets.") == [], "a workflow may not use a secret"
    trusting = offending(texts, "pull_request_target")
    assert trusting == [FORKS], "a workflow may not run with the rights of the base branch; for the exception see below"


def offending(texts: dict[str, str], word: str) -> list[str]:
    return [name for name, text in texts.items() if word in text]


def test_checkouts_do_not_persist_credentials() -> None:
    checkouts = [(job, step) for job, step in steps() if "checkout@" in step.get("uses", "")]
    assert checkouts
    persisting = [job for job, step in checkouts if step.get("with", {}).get("persist-credentials") is not False]
    assert persisting == [], "set persist-credentials: false"


def test_jobs_with_write_permissions_do_not_run_code_of_a_pull_request() -> None:
    refs = {
        name: [step["with"].get("ref") for step in job["steps"] if "checkout@" in step.get("uses", "")]
        for name, job in jobs()
        # These are always of the main branch, or of a tag, except for the plan, which the next test restricts.
        if "write" in job["permissions"].values() and not name.startswith((*ALWAYS_OURS, FORKS)) and name != PLAN
    }
    base = ["${{ github.event.pull_request.base.sha }}"]
    assert refs
    assert [name for name in refs if refs[name] != base] == [], "check out the base of the pull request"


def test_a_plan_runs_for_branches_of_this_repository_and_can_only_prove_who_it_is() -> None:
    plan = dict(jobs())[PLAN]
    assert plan["if"] == "github.event.pull_request.head.repo.full_name == github.repository"
    assert plan["permissions"] == {"contents": "read", "id-token": "write"}
    roles = {step["env"]["AWS_ROLE_ARN"] for step in plan["steps"] if "AWS_ROLE_ARN" in step.get("env", {})}
    assert roles == {"${{ vars.AWS_STAGING_PLAN_ROLE }}"}, "a pull request may not use the role that applies"


def test_commands_contain_no_template_expressions() -> None:
    found = [f"{job}: {step['run']}" for job, step in steps() if "${{" in step.get("run", "")]
    assert found == [], "pass the value in the environment of the step"


def test_the_runner_guard_admits_exactly_the_self_hosted_workflows() -> None:
    guard = (ROOT / "bin" / "runner-guard").read_text(encoding="utf-8")
    asking = {name.partition(":")[0] for name, job in jobs() if "self-hosted" in job["runs-on"]}
    assert {Path(path).name for path in re.findall(r'"(\.github/workflows/[^"]+)"', guard)} == asking


def test_forks_get_no_review_app() -> None:
    review = content(GITHUB / "workflows" / "review-app.yml")["jobs"]
    assert review["name"]["if"] == "github.event.pull_request.head.repo.full_name == github.repository"
    assert [name for name, job in review.items() if name != "name" and "name" not in job["needs"]] == []


def test_the_workflow_of_a_forks_review_app_reads_nothing_of_the_fork() -> None:
    workflow = content(GITHUB / "workflows" / FORKS)
    assert set(workflow[True]) == {"pull_request_target"}  # YAML reads `on` as true
    steps_of_all = [step for job in workflow["jobs"].values() for step in job["steps"]]
    checkouts = [step["with"] for step in steps_of_all if "uses" in step]
    only = {"ref": "${{ github.event.repository.default_branch }}", "persist-credentials": False}
    assert [given for given in checkouts if given != only] == []
    assert len(checkouts) == len(workflow["jobs"])
    text = (GITHUB / "workflows" / FORKS).read_text(encoding="utf-8")
    facts = set(re.findall(r"github\.event\.pull_request\.[\w.]+", text)) | set(re.findall(r"github\.head_ref", text))
    # What the author of a fork chooses freely, such as a title or the name of a branch, is not among them.
    assert facts == {f"github.event.pull_request.{name}" for name in ("number", "head.sha", "head.repo.full_name")}


def test_a_forks_review_app_is_locked_and_its_machine_has_no_rights() -> None:
    hosted = {name: job for name, job in jobs() if name.startswith(FORKS) and "self-hosted" in job["runs-on"]}
    assert {name: job["runs-on"][1] for name, job in hosted.items()} == {
        f"{FORKS}: deploy": "review-apps-forks",
        f"{FORKS}: close": "review-apps-forks",
    }
    assert [job["permissions"] for job in hosted.values()] == [{"contents": "read"}] * 2
    deploying = [step["run"] for name, step in steps() if name in hosted and "review-deploy" in step.get("run", "")]
    assert [command for command in deploying if "review-deploy --fork " not in command] == []
    assert deploying


def test_review_apps_outlive_their_job() -> None:
    hosted = [name for name, job in jobs() if "self-hosted" in job["runs-on"]]
    commands_of_apps = [(job, step) for job, step in steps() if job in hosted and "bin/review-" in step.get("run", "")]
    starting = [(job, step) for job, step in commands_of_apps if "smoke" not in step["run"]]
    assert starting
    killed = [job for job, step in starting if step.get("env", {}).get("RUNNER_TRACKING_ID") != ""]
    assert killed == [], "set RUNNER_TRACKING_ID to an empty string, or the runner ends the app with the job"


def test_commands_of_workflows_are_executable_scripts() -> None:
    scripts = {word for command in commands() for word in re.findall(r"(?:bin|\.ci)/[\w-]+", command)}
    assert {"bin/test-part", "bin/check-style", "bin/check-container", "bin/review-deploy", ".ci/run"} <= scripts
    assert [script for script in sorted(scripts) if not (ROOT / script).stat().st_mode & 0o100] == []


def test_jobs_that_run_tests_install_the_programs_that_tests_need() -> None:
    """Where the variable CI is set, as on GitHub, a test fails for a missing program instead of being skipped."""
    lacking = set()
    for name, job in jobs():
        installing = [step.get("if", "") for step in job["steps"] if "bin/install-system" in step.get("run", "")]
        rows = job.get("strategy", {}).get("matrix", {}).get("include", [])
        for command in (row["command"] for row in rows):
            if re.match(r"bin/(test|torture)", command):
                part = "startsWith(matrix.command, 'bin/test')" if command.startswith("bin/test") else command
                if not any(part in condition for condition in installing):
                    lacking.add(f"{name}: {command}")
    assert lacking == set(), "add a step with bin/install-system"


def test_parts_of_the_tests_name_existing_paths() -> None:
    parts = {shlex.split(command)[1] for command in commands() if "test-part" in command}
    assert parts
    named = {name: part(name) for name in parts}
    assert [name for name, paths in named.items() if not paths] == []
    missing = {path for paths in named.values() for path in paths if not (ROOT / path).exists()}
    assert missing == set(), "correct these paths in bin/test-part"


def part(name: str) -> set[str]:
    """Return the files and folders of a part of the tests, as bash finds them."""
    script = (ROOT / "bin" / "test-part").read_text(encoding="utf-8").rpartition("exec ")[0]
    listed = subprocess.run(
        ["bash", "-c", f'{script}\nprintf "%s\\n" "${{tests[@]}}"', "bin/test-part", name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return set(listed)


def test_every_contract_test_belongs_to_a_part() -> None:
    parts = set().union(*(part(name) for name in ("key-submission", "key-retrieval", "worker", "clients")))
    contract = {str(path.relative_to(ROOT)) for path in (ROOT / "tests" / "contract").glob("test_*.py")}
    assert contract - parts == set(), "add these files to a part in bin/test-part"


def test_hosted_checks_are_documented() -> None:
    document = (ROOT / "docs" / "hosted-checks.md").read_text(encoding="utf-8")
    matrix = content(GITHUB / "workflows" / "checks.yml")["jobs"]["check"]["strategy"]["matrix"]["include"]
    assert [row["check"] for row in matrix if row["check"] not in document] == []
    scripts = {script for row in matrix for script in re.findall(r"bin/[\w-]+", row["command"])}
    assert [script for script in sorted(scripts) if f"`{script}" not in document] == []


def test_issue_forms_follow_their_schema() -> None:
    assert violations("vendor.github-issue-forms", FORMS) == ""


def test_issue_forms_exist_in_english_and_french() -> None:
    shapes = [[(part["type"], part.get("id")) for part in content(path)["body"]] for path in FORMS]
    assert shapes[0::2] == shapes[1::2]
    assert len(shapes) == 4


def test_codeowners_name_existing_files() -> None:
    lines = [line.split() for line in (GITHUB / "CODEOWNERS").read_text(encoding="utf-8").splitlines()]
    owned = [line[0] for line in lines if line and line[0][0] != "#"]
    assert owned[0] == "*"
    assert [pattern for pattern in owned[1:] if not list(ROOT.glob(pattern.strip("/")))] == []
