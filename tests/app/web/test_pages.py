"""Static files of the pages: their addresses, caching and protection."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import Client

from app.web import pages
from app.web.pages import PROTECTION, STATIC_FOLDER, digest_of_files, static_path
from tests.support.service import Service

FIXED_TIME = 315_532_800  # 1980, as builders of images set it


@pytest.fixture
def review(make_service: Callable[..., Service]) -> Service:
    """A review instance, which has pages."""
    return make_service(REVIEW_TOOLS="true")


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], tuple[Client, str]]:
    """Return a client of a new process, in which the one script of the pages has a given content, and its path."""

    def serve(content: str) -> tuple[Client, str]:
        script = tmp_path / "review" / "page.js"
        for group in ("design", "review"):
            (tmp_path / group).mkdir(exist_ok=True)
        script.write_text(content, encoding="utf-8")
        os.utime(script, (FIXED_TIME, FIXED_TIME))
        monkeypatch.setattr(pages, "STATIC_FOLDER", tmp_path)
        pages.static_version.cache_clear()
        path = static_path("review/page.js")
        return Client(pages.static_files(Flask("empty"), ["review"])), path

    yield serve
    pages.static_version.cache_clear()


@pytest.mark.parametrize("path", ["/static/review/page.js", static_path("review/page.js")])
def test_static_files_are_protected(review: Service, path: str) -> None:
    answer = review.client.get(path, buffered=True)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.data == (STATIC_FOLDER / "review" / "page.js").read_bytes()


def test_only_a_path_with_the_version_may_be_kept_by_caches(review: Service) -> None:
    kept = {
        path: review.client.get(path, buffered=True).headers["Cache-Control"]
        for path in ("/static/review/page.js", static_path("review/page.js"))
    }
    assert list(kept.values()) == ["no-cache", "public, max-age=31536000, immutable"]


@pytest.mark.parametrize(
    "path",
    ["/static/review/../../config.py", "/static/review/none.js", "/static/0123456789abcdef/review/page.js", "/static/"],
)
def test_a_file_of_another_version_is_a_clear_error_that_no_cache_keeps(review: Service, path: str) -> None:
    answer = review.client.get(path)
    assert answer.status_code == 404
    assert "reload the page" in answer.text
    assert answer.headers["Cache-Control"] == PROTECTION["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/review/en", "/phone/fr"])
def test_every_page_uses_paths_with_the_version(review: Service, path: str) -> None:
    used = re.findall(r'(?:href|src)="(/static/[^"]*)"', review.client.get(path).text)
    assert len(used) >= 6
    assert all(each.startswith(static_path("")) for each in used)


def test_modules_import_each_other_by_relative_paths_so_that_all_are_of_one_version() -> None:
    statement = re.compile(r'^(?:import|\} from)\b.*"([^"]+)";$', re.MULTILINE)
    imports = [
        (path.name, imported)
        for path in STATIC_FOLDER.rglob("*.js")
        for imported in statement.findall(path.read_text(encoding="utf-8"))
    ]
    assert len(imports) > 50
    assert [each for each in imports if not each[1].startswith(("./", "../"))] == []


def test_a_change_of_equal_length_and_time_is_noticed(serve: Callable[[str], tuple[Client, str]]) -> None:
    client, first_path = serve("one")
    first = client.get("/static/review/page.js", buffered=True)
    tag = {"If-None-Match": first.headers["ETag"], "If-Modified-Since": first.headers["Last-Modified"]}
    assert client.get("/static/review/page.js", headers=tag, buffered=True).status_code == 304
    client, second_path = serve("two")
    changed = client.get("/static/review/page.js", headers=tag, buffered=True)
    assert (changed.status_code, changed.text) == (200, "two")
    assert first_path != second_path
    assert client.get(first_path).status_code == 404


def test_the_version_depends_on_every_name_and_content(tmp_path: Path) -> None:
    digests = set()
    for name, content in (("a.js", "x"), ("b.js", "x"), ("b.js", "y")):
        for path in tmp_path.iterdir():
            path.unlink()
        (tmp_path / name).write_text(content, encoding="utf-8")
        digests.add(digest_of_files(tmp_path))
        assert digest_of_files(tmp_path) in digests
    assert len(digests) == 3
