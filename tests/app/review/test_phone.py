"""The page of the simulated phones (app/review): where it exists, its protection, and the requests of its script."""

import json
import re
from collections.abc import Callable
from unittest.mock import Mock

import pytest

from app.config import ConfigurationError, Settings
from app.web.pages import PROTECTION
from tests.support.archive import archive_in
from tests.support.service import Service
from tests.support.settings import HMAC_KEY, SECRETS

PATHS = ["/phone", "/phone/en", "/phone/code", "/phone/archive-address/20000", "/static/review/page.js"]
URLS = {"DATABASE_URL": "postgres://user@host/name", "REDIS_URL": "redis://host:6379/0"}


@pytest.fixture
def review(make_service: Callable[..., Service]) -> Service:
    """A review instance."""
    return make_service(REVIEW_TOOLS="true", EXPORT_MAX_AGE_SECONDS="0")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "settings",
    [{}, {"REVIEW_TOOLS": "yes"}, {"ENV": "production"}, {"REVIEW_TOOLS": "true", "SURFACES": "submission"}],
)
def test_the_page_does_not_exist_without_the_review_tools(
    make_service: Callable[..., Service], settings: dict[str, str], path: str
) -> None:
    client = make_service(**settings).client
    for method in ("GET", "POST"):
        answer = client.open(path, method=method)
        assert (answer.status_code, answer.text) == (404, "404 page not found\n")


def test_production_does_not_start_with_it() -> None:
    with pytest.raises(ConfigurationError, match=r"^REVIEW_TOOLS: must not be true in production$"):
        Settings.from_environment(SECRETS | URLS | {"REVIEW_TOOLS": "true", "ENV": "production"})


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("fr-CA,fr;q=0.9,en;q=0.5", "fr"), ("en-CA", "en"), ("de", "en"), ("", "en")],
)
def test_the_reader_is_redirected_to_a_language(review: Service, wanted: str, language: str) -> None:
    answer = review.client.get("/phone", headers={"Accept-Language": wanted})
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/phone/{language}"
    assert answer.headers["Vary"] == "Accept-Language"


@pytest.mark.parametrize("path", PATHS[:4])
def test_every_response_has_the_protective_header_fields(review: Service, path: str) -> None:
    answer = review.client.get(path)
    for name, value in PROTECTION.items():
        assert answer.headers[name] == value


@pytest.mark.parametrize("language", ["en", "fr"])
def test_nothing_on_the_page_is_inline_or_from_elsewhere(review: Service, language: str) -> None:
    page = review.client.get(f"/phone/{language}")
    assert page.status_code == 200
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|(?:src|href)=\"https?:", page.text)
    assert re.findall(r"<script(?! type=\"application/json\"| type=\"module\" src=\"/static/)", page.text) == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_fault_of_the_page_is_reported_in_its_language(
    review: Service, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.review.views.phone.static_version", Mock(side_effect=OSError))
    answer = review.client.get(f"/phone/{language}")
    assert (answer.status_code, answer.headers["Content-Language"]) == (500, f"{language}-CA")


def test_the_page_holds_no_secret(review: Service) -> None:
    page = review.client.get("/phone/en").text
    held = [name for name, value in SECRETS.items() if value in page]
    assert held == []
    assert "aa" * 16 in HMAC_KEY
    assert "aa" * 16 not in page


def test_a_code_is_issued_without_a_token(review: Service) -> None:
    answer = review.client.post("/phone/code")
    assert answer.mimetype == "application/json"
    code = json.loads(answer.text)["code"]
    assert review.claim(code).status_code == 200
    assert review.rows("SELECT DISTINCT originator FROM encryption_keys") == [("review",)]


def test_only_a_post_issues_a_code(review: Service) -> None:
    answer = review.client.get("/phone/code")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("day", ["00000", "20530"])
def test_the_address_is_that_of_the_archive(review: Service, day: str) -> None:
    day = day if day == "00000" else f"{review.today:05d}"
    address = json.loads(review.client.get(f"/phone/archive-address/{day}").text)
    assert address["message"] == f"302:{day}:{int(review.clock.now.timestamp()) // 3600}"
    assert archive_in(review.client.get(address["path"])).export.region == "CA"
