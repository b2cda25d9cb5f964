"""Which commit the name of a branch means (review_apps/repository.py)."""

import subprocess
from pathlib import Path

import pytest

from review_apps.errors import ReviewAppError
from review_apps.repository import resolve
from tests.review_apps.small_app import Repository


@pytest.fixture
def origin(tmp_path: Path) -> Repository:
    origin = Repository(tmp_path / "origin")
    origin.commit("main", {"version": "1"})
    return origin


def clone(origin: Repository) -> Repository:
    """Return a clone, as a person has it, with a local branch `topic`."""
    folder = origin.folder.parent / "clone"
    subprocess.run(["git", "clone", "--quiet", origin.folder, folder], check=True)
    made = object.__new__(Repository)
    made.folder = folder
    made.git("checkout", "--quiet", "topic")
    return made


def test_a_branch_wins_over_a_tag_of_the_same_name(origin: Repository) -> None:
    first = origin.git("rev-parse", "HEAD")
    origin.git("tag", "topic")
    commit = origin.commit("topic", {"version": "2"})
    assert commit != first
    assert resolve(origin.folder, "topic").commit == commit
    assert resolve(origin.folder, "refs/tags/topic").commit == first


def test_a_branch_wins_over_a_commit_whose_abbreviation_it_is(origin: Repository) -> None:
    first = origin.git("rev-parse", "HEAD")
    commit = origin.commit("topic", {"version": "2"})
    origin.git("branch", "--move", "topic", first[:8])
    assert resolve(origin.folder, first[:8]).commit == commit
    assert resolve(origin.folder, first[:9]).commit == first


def test_a_branch_of_origin_wins_over_a_stale_or_rewritten_local_one(origin: Repository) -> None:
    origin.commit("topic", {"version": "2"})
    local = clone(origin)
    newest = origin.commit("topic", {"version": "3"})
    local.git("fetch", "--quiet")
    assert resolve(local.folder, "topic").commit == newest
    assert "of origin" in resolve(local.folder, "topic").kind

    origin.git("commit", "--quiet", "--amend", "--message", "rewritten")
    local.git("fetch", "--quiet")
    assert resolve(local.folder, "topic").commit == origin.git("rev-parse", "HEAD")


def test_a_local_branch_with_unpushed_commits_wins(origin: Repository) -> None:
    origin.commit("topic", {"version": "2"})
    local = clone(origin)
    (local.folder / "version").write_text("3")
    local.git("commit", "--quiet", "--all", "--message", "unpushed")
    named = resolve(local.folder, "topic")
    assert named.commit == local.git("rev-parse", "HEAD")
    assert "ahead of origin" in named.kind
    assert resolve(local.folder, "origin/topic").commit == origin.git("rev-parse", "topic")


def test_tags_and_commits_can_be_named(origin: Repository) -> None:
    commit = origin.git("rev-parse", "HEAD")
    origin.git("tag", "--annotate", "v1", "--message", "v1")
    assert [resolve(origin.folder, name).commit for name in ("v1", commit, commit[:10])] == [commit] * 3
    for name in ("nowhere", "HEAD", "--all", "v1..main", ""):
        with pytest.raises(ReviewAppError, match="has no branch"):
            resolve(origin.folder, name)
