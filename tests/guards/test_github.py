"""What GitHub runs: pinned, with the least rights, and nothing that a contributor could not run as well."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

from tests.guards.source import ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted((GITHUB / "ISSUE_TEMPLATE").glob("[0-9]*.yml"))


def content(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs(*paths: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in paths or WORKFLOWS:
        for name, job in content(path)["jobs"].items():
            yield f"{path.name}: {name}", job


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, job in jobs():
        yield from ((name, step) for step in job["steps"])


def commands() -> set[str]:
    """Return every command line that a workflow runs, those of matrices included."""
    rows = [row for _, job in jobs() for row in job.get("strategy", {}).get("matrix", {}).get("include", [])]
    written = [step["run"] for _, step in steps() if "run" in step and step["run"] != "$COMMAND"]
    return {row["command"] for row in rows} | {line.strip() for text in written for line in text.splitlines()}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
@pytest.mark.parametrize("schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"])
def test_workflows_follow_their_schema_and_have_timeouts(path: Path, schema: str) -> None:
    assert CliRunner().invoke(check_jsonschema, ["--builtin-schema", schema, str(path)]).exit_code == 0


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


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_start_without_permissions_and_run_one_at_a_time(path: Path) -> None:
    workflow = content(path)
    assert workflow["permissions"] == {}
    assert "concurrency" in workflow
    assert all("permissions" in job for _, job in jobs(path))


def test_workflows_use_no_secrets_and_do_not_trust_forks() -> None:
    texts = [path.read_text(encoding="utf-8") for path in WORKFLOWS]
    assert not any("secrets." in text or "pull_request_target:" in text for text in texts)


def test_checkouts_do_not_persist_credentials() -> None:
    checkouts = [step for _, step in steps() if "checkout@" in step.get("uses", "")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_jobs_with_write_permissions_do_not_run_code_of_a_pull_request() -> None:
    for name, job in jobs():
        if "write" not in job["permissions"].values() or name.startswith("release.yml"):
            continue
        refs = [step["with"].get("ref") for step in job["steps"] if "checkout@" in step.get("uses", "")]
        assert refs == ["${{ github.event.pull_request.base.sha }}"], name


def test_commands_contain_no_template_expressions() -> None:
    assert [step["run"] for _, step in steps() if "${{" in step.get("run", "")] == []


def test_the_runner_guard_admits_exactly_the_self_hosted_workflows() -> None:
    guard = (ROOT / "bin" / "runner-guard").read_text(encoding="utf-8")
    asking = {name.partition(":")[0] for name, job in jobs() if "self-hosted" in job["runs-on"]}
    assert {Path(path).name for path in re.findall(r'"(\.github/workflows/[^"]+)"', guard)} == asking


def test_forks_get_no_review_app() -> None:
    review = content(GITHUB / "workflows" / "review-app.yml")["jobs"]
    assert review["name"]["if"] == "github.event.pull_request.head.repo.full_name == github.repository"
    assert [name for name, job in review.items() if name != "name" and "name" not in job["needs"]] == []


def test_review_apps_outlive_their_job() -> None:
    ours = [job for _, job in jobs() if "self-hosted" in job["runs-on"]]
    started = [step for job in ours for step in job["steps"] if "bin/review-" in step.get("run", "")]
    starting = [step for step in started if "smoke" not in step["run"]]
    assert all(step["env"]["RUNNER_TRACKING_ID"] == "" for step in starting)


def test_commands_of_workflows_are_executable_scripts() -> None:
    scripts = {word for command in commands() for word in re.findall(r"(?:bin|\.ci)/[\w-]+", command)}
    assert {"bin/test-part", "bin/check-style", "bin/check-container", "bin/review-deploy", ".ci/run"} <= scripts
    assert [script for script in sorted(scripts) if not (ROOT / script).stat().st_mode & 0o100] == []


@pytest.mark.parametrize("command", sorted(command for command in commands() if "test-part" in command))
def test_parts_of_the_tests_name_existing_paths(command: str) -> None:
    assert part(shlex.split(command)[1])


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
    assert [path for path in listed if not (ROOT / path).exists()] == []
    return set(listed)


def test_every_contract_test_belongs_to_a_part() -> None:
    parts = set().union(*(part(name) for name in ("key-submission", "key-retrieval", "worker", "clients")))
    contract = {str(path.relative_to(ROOT)) for path in (ROOT / "tests" / "contract").glob("test_*.py")}
    assert contract - parts == set()


def test_hosted_checks_are_documented() -> None:
    document = (ROOT / "docs" / "hosted-checks.md").read_text(encoding="utf-8")
    matrix = content(GITHUB / "workflows" / "checks.yml")["jobs"]["check"]["strategy"]["matrix"]["include"]
    assert [row["check"] for row in matrix if row["check"] not in document] == []
    scripts = {script for row in matrix for script in re.findall(r"bin/[\w-]+", row["command"])}
    assert [script for script in sorted(scripts) if f"`{script}" not in document] == []


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_issue_forms_follow_their_schema(path: Path) -> None:
    assert (
        CliRunner().invoke(check_jsonschema, ["--builtin-schema", "vendor.github-issue-forms", str(path)]).exit_code
        == 0
    )


def test_issue_forms_exist_in_english_and_french() -> None:
    shapes = [[(part["type"], part.get("id")) for part in content(path)["body"]] for path in FORMS]
    assert shapes[0::2] == shapes[1::2]
    assert len(shapes) == 4


def test_codeowners_name_existing_files() -> None:
    lines = [line.split() for line in (GITHUB / "CODEOWNERS").read_text(encoding="utf-8").splitlines()]
    owned = [line[0] for line in lines if line and line[0][0] != "#"]
    assert owned[0] == "*"
    assert [pattern for pattern in owned[1:] if not list(ROOT.glob(pattern.strip("/")))] == []
