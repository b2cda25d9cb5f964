"""Scripts for hosted checks only, run with fakes of GitHub, of a runner and of a review app."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.guards.source import ROOT
from tests.support.programs import require_program
from tests.support.serving import serve_in_thread

BIN = ROOT / "bin"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "exposure-alert/exposure-alert"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a program with `tmp_path/fakes` first in its PATH."""

    def run(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
        path = f"{tmp_path / 'fakes'}:{os.environ['PATH']}"
        return subprocess.run(
            list(map(str, arguments)),
            env={"PATH": path, "HOME": str(tmp_path), **environment},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    return run


@pytest.fixture
def gh(tmp_path: Path) -> Path:
    """A fake of GitHub's command line: records its arguments, and prints `$LISTED` for a listing."""
    calls = tmp_path / "calls"
    write(
        tmp_path / "fakes" / "gh",
        f'#!/bin/sh\nprintf "%s\\n" "$*" >> {calls}\ncase "$*" in *--paginate*) echo "$LISTED" ;; esac\n',
    )
    return calls


def comment(run: Run, state: str, listed: str = "") -> "subprocess.CompletedProcess[str]":
    environment = {"GITHUB_REPOSITORY": REPOSITORY, "LISTED": listed}
    url = "https://pr-0012.example.org"
    return run(BIN / "review-comment", "12", state, COMMIT, url, "https://example.org/run", **environment)


def test_the_first_comment_is_new_and_names_the_address_and_commit(run: Run, gh: Path) -> None:
    assert comment(run, "deployed").returncode == 0
    written = gh.read_text()
    assert f"--method POST repos/{REPOSITORY}/issues/12/comments" in written
    assert "https://pr-0012.example.org" in written
    assert COMMIT[:12] in written
    assert "Application de révision" in written


def test_later_comments_replace_the_first(run: Run, gh: Path) -> None:
    assert comment(run, "failed", listed="77\n78").returncode == 0
    assert f"--method PATCH repos/{REPOSITORY}/issues/comments/77 " in gh.read_text()
    assert "--method POST" not in gh.read_text()


def test_only_the_workflows_own_comment_is_replaced(run: Run, gh: Path) -> None:
    comment(run, "closed")
    assert 'select(.user.login == "github-actions[bot]"' in gh.read_text()


def test_a_comment_about_an_unknown_state_is_refused(run: Run, gh: Path) -> None:
    assert comment(run, "perhaps").returncode == 2
    assert not gh.exists()


def test_the_status_of_a_commit_leads_to_the_app(run: Run, gh: Path) -> None:
    arguments = (COMMIT, "success", "https://pr-0012.example.org", "It serves this commit")
    assert run(BIN / "review-status", *arguments, GITHUB_REPOSITORY=REPOSITORY).returncode == 0
    written = gh.read_text()
    assert f"--method POST repos/{REPOSITORY}/statuses/{COMMIT} " in written
    assert "state=success" in written
    assert "target_url=https://pr-0012.example.org" in written


@pytest.mark.parametrize(("commit", "state"), [("main", "success"), (COMMIT, "done"), ("../../x", "error")])
def test_an_unknown_status_is_refused(run: Run, gh: Path, commit: str, state: str) -> None:
    assert run(BIN / "review-status", commit, state, "url", "text", GITHUB_REPOSITORY=REPOSITORY).returncode == 2
    assert not gh.exists()


def test_every_deployment_of_a_closed_app_is_ended(run: Run, gh: Path) -> None:
    assert run(BIN / "review-ended", "pr-0012", GITHUB_REPOSITORY=REPOSITORY, LISTED="5\n6").returncode == 0
    ended = [line for line in gh.read_text().splitlines() if "state=inactive" in line]
    assert [line.split("/")[-2] for line in ended] == ["5", "6"]


def refusal(run: Run, tmp_path: Path, event: dict[str, Any], **changes: str) -> str:
    (tmp_path / "event.json").write_text(json.dumps(event))
    environment = {
        "OUR_REPOSITORY": REPOSITORY,
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_WORKFLOW_REF": f"{REPOSITORY}/.github/workflows/review-app.yml@refs/pull/12/merge",
    }
    done = run(BIN / "runner-guard", **(environment | changes))
    assert (done.returncode == 0) == (done.stderr == "")
    return done.stderr


def pull_request(origin: str | None) -> dict[str, Any]:
    return {"pull_request": {"head": {"repo": {"full_name": origin} if origin else None}}}


def test_the_runner_accepts_own_branches_and_scheduled_runs(run: Run, tmp_path: Path) -> None:
    assert refusal(run, tmp_path, pull_request(REPOSITORY)) == ""
    assert refusal(run, tmp_path, {}, GITHUB_EVENT_NAME="schedule") == ""


def test_the_runner_accepts_labels_of_pull_requests_for_the_workflow_of_forks_alone(run: Run, tmp_path: Path) -> None:
    event, changes = pull_request("somebody/exposure-alert"), {"GITHUB_EVENT_NAME": "pull_request_target"}
    forks = f"{REPOSITORY}/.github/workflows/review-app-forks.yml@refs/heads/main"
    assert refusal(run, tmp_path, event, **changes, GITHUB_WORKFLOW_REF=forks) == ""
    assert "may not run here" in refusal(run, tmp_path, event, **changes)


@pytest.mark.parametrize("origin", ["somebody/exposure-alert", None])
def test_the_runner_refuses_forks(run: Run, tmp_path: Path, origin: str | None) -> None:
    assert "fork" in refusal(run, tmp_path, pull_request(origin))


@pytest.mark.parametrize(
    "change",
    [
        {"GITHUB_REPOSITORY": "a/b", "GITHUB_WORKFLOW_REF": "a/b/.github/workflows/review-app.yml@refs/heads/c"}
        | {"GITHUB_EVENT_NAME": "schedule"},
        {"GITHUB_EVENT_NAME": "issue_comment"},
        {"GITHUB_WORKFLOW_REF": f"{REPOSITORY}/.github/workflows/mine.yml@refs/heads/main"},
    ],
)
def test_the_runner_refuses_foreign_repositories_events_and_workflows(
    run: Run, tmp_path: Path, change: dict[str, str]
) -> None:
    assert "refuses" in refusal(run, tmp_path, pull_request(REPOSITORY), **change)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A copy of the script with a changelog of two versions."""
    write(tmp_path / "bin" / "release-notes", (BIN / "release-notes").read_text())
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## Unreleased\n\n- Later\n\n"
        "## 1.2.0 - 2026-11-30\n\n### Added\n\n- Now\n\n## 1.2.0-rc1\n\n- Before\n"
    )
    return tmp_path / "bin" / "release-notes"


def test_release_notes_are_the_section_of_the_changelog(run: Run, release: Path) -> None:
    assert run(release, "v1.2.0").stdout == "### Added\n\n- Now\n"


def test_release_notes_for_another_version_are_refused(run: Run, release: Path) -> None:
    assert "another version" in run(release, "v1.3.0").stderr


def test_release_notes_without_a_changelog_section_are_refused(run: Run, release: Path) -> None:
    (release.parent.parent / "pyproject.toml").write_text('version = "1.3.0"\n')
    done = run(release, "v1.3.0")
    assert done.returncode == 1
    assert "has no section for 1.3.0" in done.stderr


@pytest.fixture
def deploying(tmp_path: Path, run: Run) -> Path:
    """A copy of the scripts with a fake of review-app, which remembers that it was opened."""
    for name in ("review-deploy", "review-smoke"):
        write(tmp_path / "bin" / name, (BIN / name).read_text())
    app = {"name": "pr-0012", "url": "http://pr-0012", "commit": COMMIT, "user": "x", "password": "secret"}
    (tmp_path / "app.json").write_text(json.dumps(app))
    write(
        tmp_path / "bin" / "review-app",
        f'#!/bin/sh\ncd {tmp_path}\ncase $1 in show) [ -e opened ] && cat app.json ;; *) echo "$*" >> opened ;; esac\n',
    )
    made = run("git", "init", "--quiet", "--initial-branch", "topic/one", tmp_path / "source")
    assert made.returncode == 0, made.stderr
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    run("git", "-C", tmp_path / "source", *identity, "commit", "--quiet", "--allow-empty", "--message", "one")
    return tmp_path


def deploy(run: Run, folder: Path, branch: str = "topic/one") -> "subprocess.CompletedProcess[str]":
    environment = {"REVIEW_APPS_HOME": str(folder / "home")}
    return run(folder / "bin" / "review-deploy", "12", branch, folder / "source", **environment)


def test_a_review_app_is_opened_once_and_then_updated(run: Run, deploying: Path) -> None:
    first, second = deploy(run, deploying), deploy(run, deploying)
    assert first.stdout == second.stdout == f"name=pr-0012\nurl=http://pr-0012\ncommit={COMMIT}\n"
    clone = deploying / "home" / "repository.git"
    assert (deploying / "opened").read_text().splitlines() == [
        f"open 12 --branch topic/one --repository {clone}",
        "update 12 --branch topic/one",
    ]
    assert run("git", "-C", clone, "rev-parse", "--verify", "refs/heads/topic/one").returncode == 0


def test_a_forks_commit_is_deployed_locked(run: Run, deploying: Path) -> None:
    run("git", "-C", deploying / "source", "update-ref", "refs/pull/12/head", "HEAD")
    commit = run("git", "-C", deploying / "source", "rev-parse", "HEAD").stdout.strip()
    environment = {"REVIEW_APPS_HOME": str(deploying / "home")}
    for given, code in (("", 2), ("main", 2), (commit, 0), (commit, 0)):
        done = run(deploying / "bin" / "review-deploy", "--fork", "12", given, deploying / "source", **environment)
        assert done.returncode == code, done.stderr
    clone = deploying / "home" / "repository.git"
    assert (deploying / "opened").read_text().splitlines() == [
        f"open 12 --branch fork-12 --repository {clone} --locked",
        "update 12 --branch fork-12 --locked",
    ]


@pytest.mark.parametrize("branch", ["none", "--upload-pack=touch it", "a..b"])
def test_an_invalid_branch_is_not_deployed(run: Run, deploying: Path, branch: str) -> None:
    assert deploy(run, deploying, branch).returncode != 0
    assert not (deploying / "opened").exists()


class ReviewApp(BaseHTTPRequestHandler):
    """A review app that can be misconfigured."""

    commit, noindex, guarded, front = COMMIT, True, True, COMMIT

    def do_GET(self) -> None:
        known = self.headers.get("Authorization") == "Basic eDpzZWNyZXQ="
        self.send_response(200 if known or not self.guarded else 401)
        if self.noindex:
            self.send_header("X-Robots-Tag", "noindex, nofollow")
        self.end_headers()
        revision = self.front if self.path == "/" else self.commit
        self.wfile.write(json.dumps({"branch": "topic", "revision": revision}).encode())

    def log_message(self, *arguments: Any) -> None:
        """Log nothing."""


@pytest.fixture
def serving(deploying: Path) -> Iterator[type[ReviewApp]]:
    """A served review app, whose behaviour a test can change."""
    require_program("curl")
    handler = type("Changeable", (ReviewApp,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    with serve_in_thread(server):
        (deploying / "opened").touch()
        shown = json.loads((deploying / "app.json").read_text())
        shown["url"] = f"http://127.0.0.1:{server.server_port}"
        (deploying / "app.json").write_text(json.dumps(shown))
        yield handler


def test_a_correct_review_app_passes_its_smoke_test(run: Run, deploying: Path, serving: type[ReviewApp]) -> None:
    done = run(deploying / "bin" / "review-smoke", "12")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"serves {COMMIT}\n")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"guarded": False}, "no password is asked for"),
        ({"noindex": False}, "indexing is not forbidden"),
        ({"commit": "ffff"}, "and not"),
        ({"front": "ffff"}, "its front page does not name the commit"),
    ],
)
def test_a_misconfigured_review_app_fails_its_smoke_test(
    run: Run, deploying: Path, serving: type[ReviewApp], change: dict[str, Any], complaint: str
) -> None:
    for name, value in change.items():
        setattr(serving, name, value)
    done = run(deploying / "bin" / "review-smoke", "12")
    assert done.returncode == 1
    assert complaint in done.stderr
    assert "secret" not in done.stdout + done.stderr
