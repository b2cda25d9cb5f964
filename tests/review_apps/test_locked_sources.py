"""What this host reads of a locked app, and what it refuses (review_apps/locked.py)."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from review_apps import locked
from review_apps.commands import update_command
from review_apps.errors import ReviewAppError
from review_apps.host import Host
from review_apps.locked import check_source, definition_of, detach, is_locked, prefix
from review_apps.settings import Settings
from review_apps.state import App


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "-r ../../../pr-0001.json\n"),
        ("requirements.txt", "--index-url https://example.org/simple\nflask\n"),
        ("requirements.txt", "x @ https://example.org/x.whl\n"),
        ("requirements.txt", "./local\n"),
        ("requirements.txt", "-e .\n"),
        ("uv.lock", ""),
        ("poetry.lock", ""),
    ],
)
def test_a_locked_app_may_require_packages_of_the_index_alone(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ReviewAppError, match="a locked app may"):
        check_source(tmp_path)


def test_plain_requirements_are_accepted_and_links_are_not(tmp_path: Path) -> None:
    digest = "0" * 64
    (tmp_path / "requirements.txt").write_text(
        "# a comment\n\nflask[async]>=3,<4 ; python_version < '3.14'  # why\n"
        f"redis==8.1.0 \\\n    --hash=sha256:{digest} \\\n    --hash=sha256:{digest}\n"
    )
    (tmp_path / "inside").symlink_to("requirements.txt")
    check_source(tmp_path)
    (tmp_path / "app.json").symlink_to("../pr-0001.json")
    with pytest.raises(ReviewAppError, match=r"links out of its own folder: app\.json"):
        check_source(tmp_path)


def test_the_commit_of_a_fork_is_never_the_next_version_of_an_app_that_is_not_locked(tmp_path: Path) -> None:
    host = Host(Settings(tmp_path), print)
    host.store.save(App(12, "topic", "/repository", release=1))
    with pytest.raises(ReviewAppError, match="pr-0012 is not locked"):
        update_command(host, SimpleNamespace(number=12, branch="fork-12", locked=True))


def test_a_locked_app_without_a_user_does_not_run_as_root(tmp_path: Path) -> None:
    with pytest.raises(ReviewAppError, match="has no user of its own"):
        prefix(tmp_path, tmp_path, 0, 1024, 8001, [])


def test_a_version_is_checked_and_what_defines_it_copied_before_its_user_gets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, given = tmp_path / "source", list[tuple[Path, int, bool]]()
    monkeypatch.setattr(locked.users, "enterable", lambda *_: None)
    monkeypatch.setattr(locked.users, "give", lambda at, user: given.append((at, user, is_locked(tmp_path))))
    source.mkdir()
    for name in (".git", "Procfile", "web.py"):
        (source / name).write_text(name)
    detach(tmp_path, source, 41_000)
    assert given == [(source, 41_000, True)]
    assert not (source / ".git").exists()  # by which git would find the repository
    assert [(path.name, path.read_text()) for path in definition_of(tmp_path).iterdir()] == [("Procfile", "Procfile")]

    definition_of(tmp_path).joinpath("Procfile").unlink()
    definition_of(tmp_path).rmdir()
    (source / ".git").touch()
    (source / "requirements.txt").write_text("-e .")
    with pytest.raises(ReviewAppError, match="by name and version alone"):
        detach(tmp_path, source, 41_000)
    assert len(given) == 1
