"""Names of branches that follow each other in the clone of the review apps (bin/review-deploy)."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.guards.source import ROOT

APP = '#!/bin/sh\n[ "$1" != show ] || echo \'{"name": "a", "url": "b", "commit": "c"}\'\n'


class Deployments:
    """Deployments of branches of a repository by a copy of the script, whose review apps are a stand-in."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.source, self.script = folder, folder / "source", folder / "bin" / "review-deploy"
        self.script.parent.mkdir()
        shutil.copy(ROOT / "bin" / "review-deploy", self.script)
        app = self.script.with_name("review-app")
        app.write_text(APP)
        app.chmod(0o755)
        self.done("git", "init", "--quiet", self.source)
        self.git("commit", "--quiet", "--allow-empty", "--message", "one")
        self.git("checkout", "--quiet", "--detach")

    def run(self, *command: object) -> "subprocess.CompletedProcess[str]":
        home = {"HOME": str(self.folder), "REVIEW_APPS_HOME": str(self.folder / "home")}
        environment = {"PATH": os.environ["PATH"], **home}
        return subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True, check=False)

    def done(self, *command: object) -> str:
        done = self.run(*command)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def git(self, *arguments: str) -> str:
        return self.done("git", "-C", self.source, "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments)

    def deploy(self, branch: str) -> None:
        assert self.done(self.script, 12, branch, self.source) == "name=a\nurl=b\ncommit=c"

    def kept(self) -> str:
        """Return the branches of the clone and their commits."""
        clone = self.folder / "home" / "repository.git"
        return self.done("git", "-C", clone, "branch", "--format=%(refname:short) %(objectname)")


@pytest.fixture
def deployments(tmp_path: Path) -> Deployments:
    return Deployments(tmp_path)


@pytest.mark.parametrize(("first", "second"), [("topic", "topic/a/b"), ("topic/a/b", "topic"), ("topic/a", "topic")])
def test_a_branch_may_have_a_name_above_or_below_one_that_was_deleted(
    deployments: Deployments, first: str, second: str
) -> None:
    for branch, deleted in ((first, second), (second, first)):
        deployments.git("update-ref", "-d", f"refs/heads/{deleted}")
        deployments.git("update-ref", f"refs/heads/{branch}", "HEAD")
        deployments.deploy(branch)
    assert deployments.kept().partition(" ")[0] == second


def test_a_branch_that_was_rewritten_is_deployed_as_it_is_now(deployments: Deployments) -> None:
    for message in ("two", "two, in other words"):
        deployments.git("commit", "--quiet", "--allow-empty", "--amend", "--message", message)
        deployments.git("update-ref", "refs/heads/topic", "HEAD")
        deployments.deploy("topic")
        assert deployments.kept() == f"topic {deployments.git('rev-parse', 'HEAD')}"


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        # The name under which the commit of a fork is kept.
        (("30", "fork-12"), "branch fork-12 has no review app: names with fork- are those of forks\n"),
        (("--fork", "12", ""), "not a commit: \n"),  # any commit that the pull request has by now
        (("--fork", "12", "refs/heads/main"), "not a commit: refs/heads/main\n"),
    ],
)
def test_what_could_mean_another_commit_is_refused(
    deployments: Deployments, arguments: tuple[str, ...], refusal: str
) -> None:
    done = deployments.run(deployments.script, *arguments, deployments.source)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", refusal)
    assert not (deployments.folder / "home").exists()


def test_a_pattern_is_no_branch(deployments: Deployments) -> None:
    deployments.git("branch", "topic")
    assert deployments.run(deployments.script, 12, "*", deployments.source).returncode != 0
    assert deployments.kept() == ""
