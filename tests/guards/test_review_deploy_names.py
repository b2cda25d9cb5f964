"""Names of branches that follow each other in the clone of the review apps (bin/review-deploy)."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.guards.source import ROOT


@pytest.mark.parametrize(("first", "second"), [("topic", "topic/a/b"), ("topic/a/b", "topic"), ("topic/a", "topic")])
def test_a_branch_may_have_a_name_above_or_below_one_that_was_deleted(tmp_path: Path, first: str, second: str) -> None:
    source, script = tmp_path / "source", tmp_path / "bin" / "review-deploy"
    script.parent.mkdir()
    shutil.copy(ROOT / "bin" / "review-deploy", script)
    (script.parent / "review-app").write_text(
        '#!/bin/sh\n[ "$1" != show ] || echo \'{"name": "a", "url": "b", "commit": "c"}\'\n'
    )
    (script.parent / "review-app").chmod(0o755)

    def run(*command: object) -> str:
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "REVIEW_APPS_HOME": str(tmp_path / "home")}
        done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    git = ("git", "-C", source, "-c", "user.name=a", "-c", "user.email=a@example.org")
    run("git", "init", "--quiet", source)
    run(*git, "commit", "--quiet", "--allow-empty", "--message", "one")
    run(*git, "checkout", "--quiet", "--detach")
    for branch, deleted in ((first, second), (second, first)):
        run(*git, "update-ref", "-d", f"refs/heads/{deleted}")
        run(*git, "update-ref", f"refs/heads/{branch}", "HEAD")
        assert run(script, 12, branch, source) == "name=a\nurl=b\ncommit=c"
    assert run("git", "-C", tmp_path / "home" / "repository.git", "branch", "--format=%(refname:short)") == second


def test_a_branch_cannot_have_the_name_under_which_the_commit_of_a_fork_is_kept(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "REVIEW_APPS_HOME": str(tmp_path / "home")}
    command = [ROOT / "bin" / "review-deploy", "30", "fork-12", tmp_path]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "branch fork-12 has no review app: names with fork- are those of forks\n"
    assert not (tmp_path / "home").exists()
