"""The review app of a fork: who opens it, for which commit, until when. The workflow's own commands are run."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.guards.source import ROOT
from tests.guards.workflow_run import Run

WORKFLOW = ROOT / ".github" / "workflows" / "review-app-forks.yml"
REPOSITORY = "exposure-alert/exposure-alert"
SCRIPTS = ("comment", "decide", "deploy", "ended", "status", "unlabel")
LABELS = ["bug", "review-app"]
# A stand-in of GitHub's interface: records each call, and answers the four questions of the scripts.
GH = """#!/bin/sh
printf '%s\\n' "$*" >> "$CALLS"
case "$*" in
  *labels/*) ;;
  */permission*) set -- $PERMISSION; echo "$1"; exit "${2:-0}" ;;
  */labels*) printf 'bug\\nreview-app\\n' ;;
  *paginate*/comments*) echo 77 ;;
  *paginate*/deployments*) printf '5\\n6\\n' ;;
esac
"""
APP = """#!/bin/sh
case $1 in
  show) [ -e opened ] && printf '{"name": "pr-0012", "url": "http://pr-0012", "commit": "%s"}' "$(cat commit)" ;;
  close) echo "$*" >> "$CALLS"; rm -f opened ;;
  *) echo "$*" >> "$CALLS"; touch opened ;;
esac
"""
SMOKE = """#!/bin/sh
[ ! -e unhealthy ]
"""


class Fork:
    """A pull request of a fork, with its repository, its events, and what the workflow did."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.source = folder, folder / "source"
        self.labels = ["bug"]
        self.state, self.origin = "open", "somebody/exposure-alert"
        for name in SCRIPTS:
            self._write(folder / "bin" / f"review-{name}", (ROOT / "bin" / f"review-{name}").read_text())
        self._write(folder / "bin" / "review-app", APP)
        self._write(folder / "bin" / "review-smoke", SMOKE)
        self._write(folder / "fakes" / "gh", GH)
        self.source.mkdir()
        self._git("init", "--quiet", "--initial-branch", "main")
        self.commit = self.push()

    def push(self) -> str:
        """Add a commit to the pull request and return its hash."""
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        self._git(*identity, "commit", "--quiet", "--allow-empty", "--message", "a change")
        self._git("update-ref", "refs/pull/12/head", "HEAD")
        self.commit = self._git("rev-parse", "HEAD")
        (self.folder / "commit").write_text(self.commit)
        return self.commit

    def run(self, action: str, label: str = "", permission: str = "write", sender: str = "maintainer") -> Run:
        """Return the run of an event; `go` runs it."""
        event = {
            "action": action,
            "pull_request": {
                "number": 12,
                "state": self.state,
                "head": {"sha": self.commit, "repo": {"full_name": self.origin} if self.origin else None},
                "labels": [{"name": name} for name in self.labels],
            },
            "repository": {"full_name": REPOSITORY, "clone_url": str(self.source), "default_branch": "main"},
            "sender": {"login": sender},
            **({"label": {"name": label}} if label else {}),
        }
        path = self.folder / "event.json"
        path.write_text(json.dumps(event))
        self._calls.write_text("")
        environment = {
            "PATH": f"{self.folder / 'fakes'}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "CALLS": str(self._calls),
            "PERMISSION": permission,
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_REPOSITORY": REPOSITORY,
            "REVIEW_APPS_HOME": str(self.folder / "home"),
        }
        github = {"event": event, "repository": REPOSITORY, "run_id": "4711", "token": "t", "server_url": "https://gh"}
        return Run(WORKFLOW, self.folder, github, environment)

    @property
    def calls(self) -> str:
        """What was asked of GitHub and of the machine of the review apps."""
        return self._calls.read_text()

    @property
    def _calls(self) -> Path:
        return self.folder / "calls"

    def _git(self, *arguments: str) -> str:
        done = subprocess.run(["git", "-C", self.source, *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def _write(self, path: Path, text: str) -> None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)


@pytest.fixture
def fork(tmp_path: Path) -> Fork:
    return Fork(tmp_path)


def labelled(fork: Fork, **options: Any) -> dict[str, str]:
    fork.labels = LABELS
    return fork.run("labeled", "review-app", **options).go()


def closed(results: dict[str, str]) -> bool:
    return (results["deploy"], results["close"]) == ("skipped", "success")


@pytest.mark.parametrize("permission", ["write", "admin"])
def test_the_label_of_a_maintainer_opens_a_locked_app_of_that_commit(fork: Fork, permission: str) -> None:
    results = labelled(fork, permission=permission)
    assert results == {"decide": "success", "deploy": "success", "close": "skipped", "report": "success"}
    calls = fork.calls
    assert f"open 12 --branch fork-12 --repository {fork.folder}/home/repository.git --locked\n" in calls
    status = f"--method POST repos/{REPOSITORY}/statuses/{fork.commit} --raw-field state="
    assert calls.index(f"{status}pending") < calls.index("open 12") < calls.index(f"{status}success")
    assert f"--method PATCH repos/{REPOSITORY}/issues/comments/77 " in calls
    assert f"**[http://pr-0012](http://pr-0012)** serves `{fork.commit[:12]}`" in calls
    assert "--method DELETE" not in calls


@pytest.mark.parametrize("permission", ["read", "none", "write 1"])  # 1: gh failed
def test_the_label_of_others_opens_nothing_and_is_removed(fork: Fork, permission: str) -> None:
    assert closed(labelled(fork, permission=permission))
    assert "open 12" not in fork.calls
    assert f"--method DELETE repos/{REPOSITORY}/issues/12/labels/review-app\n" in fork.calls
    assert "Only people with write access" in fork.calls


def test_the_label_of_a_program_opens_nothing(fork: Fork) -> None:
    assert closed(labelled(fork, sender="labeler[bot]"))


def test_a_push_after_the_label_ends_the_app_until_the_label_is_given_again(fork: Fork) -> None:
    labelled(fork)
    fork.push()
    assert closed(fork.run("synchronize", sender="somebody").go())
    assert "close 12\n" in fork.calls
    assert f"--method DELETE repos/{REPOSITORY}/issues/12/labels/review-app\n" in fork.calls
    assert "The pull request has new commits" in fork.calls
    assert "open" not in fork.calls.split()
    assert fork.calls.count("state=inactive") == 2
    assert labelled(fork)["deploy"] == "success"
    assert f"serves `{fork.commit[:12]}`" in fork.calls


def test_the_label_given_again_updates_the_app_only_while_it_is_locked(fork: Fork) -> None:
    labelled(fork)
    assert labelled(fork)["deploy"] == "success"
    assert "update 12 --branch fork-12 --locked\n" in fork.calls
    assert "open 12" not in fork.calls


def test_a_push_between_the_label_and_the_deployment_is_not_deployed(fork: Fork) -> None:
    fork.labels = LABELS
    run, seen = fork.run("labeled", "review-app"), fork.commit
    fork.push()
    assert run.go()["deploy"] == "failure"
    assert "it needs the label again" in run.output
    assert "open 12" not in fork.calls
    assert f"statuses/{seen} --raw-field state=failure" in fork.calls


@pytest.mark.parametrize("action", ["unlabeled", "closed"])
def test_the_app_ends_with_its_label_and_with_the_pull_request(fork: Fork, action: str) -> None:
    labelled(fork)
    if action == "closed":
        fork.state = "closed"
    run = fork.run(action, "review-app" if action == "unlabeled" else "")
    assert closed(run.go())
    assert "close 12\n" in fork.calls
    assert "The review app is closed and its data are deleted." in fork.calls
    assert "deployments/5/statuses --raw-field state=inactive" in fork.calls


def test_a_label_on_a_closed_pull_request_opens_nothing(fork: Fork) -> None:
    fork.state = "closed"
    assert closed(labelled(fork))


def test_an_app_that_fails_its_smoke_test_is_reported(fork: Fork) -> None:
    (fork.folder / "unhealthy").touch()
    assert labelled(fork)["deploy"] == "failure"
    assert f"statuses/{fork.commit} --raw-field state=failure" in fork.calls
    assert "could not be deployed, or its smoke test failed" in fork.calls


@pytest.mark.parametrize(
    ("action", "label", "labels", "origin"),
    [
        ("labeled", "bug", ["bug", "review-app"], "somebody/exposure-alert"),
        ("unlabeled", "bug", ["review-app"], "somebody/exposure-alert"),
        ("synchronize", "", ["bug"], "somebody/exposure-alert"),
        ("closed", "", [], None),
        ("labeled", "review-app", ["review-app"], REPOSITORY),
    ],
)
def test_other_events_change_nothing(
    fork: Fork, action: str, label: str, labels: list[str], origin: str | None
) -> None:
    fork.labels, fork.origin = labels, origin
    results = fork.run(action, label).go()
    assert set(results.values()) <= {"success", "skipped"}
    assert {name for name, result in results.items() if result == "success"} <= {"decide"}
    assert fork.calls == ""


def test_an_event_of_another_label_cannot_replace_one_that_waits(fork: Fork) -> None:
    groups = {fork.run("labeled", "review-app").group, fork.run("synchronize").group, fork.run("closed").group}
    assert len(groups) == 1
    assert fork.run("labeled", "bug").group not in groups
