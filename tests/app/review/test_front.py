"""The front page of a review instance (app/review): where it exists, its content, and rejected requests."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import app
from app.config import ConfigurationError, Settings
from app.domain.limits import SERVED_DAYS
from app.upkeep.seeding import seed
from app.web.pages import PROTECTION
from tests.support.archive import archive_in
from tests.support.breakage import without_table
from tests.support.service import Service
from tests.support.settings import SECRETS, TEST_TOOLS_TOKEN

OPENAPI = json.loads((Path(app.__file__).parent / "health" / "openapi.json").read_text(encoding="utf-8"))
SOURCE_URL = "https://code.example/exposure-alert"
PATHS = [
    "/",
    "/review/en",
    "/review/fr/code",
    "/review/archives/00000",
    "/review/logs.json",
    "/review/facts.json",
    "/static/front/page.js",
]
BUILD = {
    "HEROKU_PR_NUMBER": "12",
    "HEROKU_BRANCH": "topic/front",
    "HEROKU_BUILD_COMMIT": "98afb25642c4b5fb0bb1b4aab32c3d1f1ef5b8b9",
    "HEROKU_APP_NAME": "pr-0012",
}
ELSEWHERE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
    {"Origin": "https://elsewhere.example"},
    {"Origin": "null"},
    {"Origin": "http://["},
]


@pytest.fixture
def review(make_service: Callable[..., Service]) -> Service:
    """A review instance."""
    return make_service(REVIEW_TOOLS="true", EXPORT_MAX_AGE_SECONDS="60", **BUILD)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("settings", [{}, {"ENV": "production"}, {"REVIEW_TOOLS": "true", "SURFACES": "retrieval"}])
def test_the_page_does_not_exist_without_the_review_tools(
    make_service: Callable[..., Service], settings: dict[str, str], path: str
) -> None:
    client = make_service(**settings).client
    for method in ("GET", "POST"):
        answer = client.open(path, method=method)
        assert (answer.status_code, answer.text) == (404, "404 page not found\n")


@pytest.mark.parametrize(("wanted", "language"), [("fr-CA,en;q=0.5", "fr"), ("en-CA", "en"), ("de", "en")])
def test_the_root_redirects_to_the_page_in_the_readers_language(review: Service, wanted: str, language: str) -> None:
    answer = review.client.get("/", headers={"Accept-Language": wanted})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/review/{language}")
    assert answer.headers["Vary"] == "Accept-Language"
    page = review.client.get(answer.headers["Location"])
    assert f'<html lang="{language}-CA">' in page.text
    assert page.headers["Content-Language"] == f"{language}-CA"
    assert f'href="/review/{"en" if language == "fr" else "fr"}"' in page.text


@pytest.mark.parametrize("path", PATHS[:6])
def test_every_response_has_the_protective_header_fields(review: Service, path: str) -> None:
    answer = review.client.get(path)
    for name, value in PROTECTION.items():
        assert answer.headers[name] == value


@pytest.mark.parametrize("language", ["en", "fr"])
def test_nothing_on_the_page_is_inline_from_elsewhere_or_secret(review: Service, language: str) -> None:
    page = review.client.get(f"/review/{language}")
    assert page.status_code == 200
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|(?:src|href)=\"https?:", page.text)
    assert re.findall(r"<script(?! type=\"application/json\"| type=\"module\" src=\"/static/)", page.text) == []
    assert [name for name, value in SECRETS.items() if value in page.text] == []


def test_the_page_names_pull_request_branch_and_commit(review: Service) -> None:
    page = review.client.get("/review/en").text
    assert re.search(r"<h1[^>]*>Pull request 12</h1>", page)
    assert "<dd>topic/front</dd>" in page
    assert '<dd title="98afb25642c4b5fb0bb1b4aab32c3d1f1ef5b8b9">98afb25642c4</dd>' in page
    facts = review.client.get("/review/facts.json").json
    assert (facts["pullRequest"], facts["branch"]) == (12, "topic/front")
    assert facts["revision"] == BUILD["HEROKU_BUILD_COMMIT"]


def test_without_a_pull_request_the_server_is_called_local_and_no_field_is_empty(
    make_service: Callable[..., Service],
) -> None:
    page = make_service(REVIEW_TOOLS="true").client.get("/review/en").text
    assert re.search(r"<h1[^>]*>Local server</h1>", page)
    assert "is not linked to a pull request" in page
    assert "not recorded in this build" in page
    assert not re.search(r"<dd[^>]*>\s*</dd>", page)
    assert "in the terminal where this server was started" in page


@pytest.mark.parametrize("path", ["/review/en", "/review/fr", "/phone/en", "/phone/fr"])
def test_every_page_has_one_heading_its_title_landmarks_and_a_footer(
    make_service: Callable[..., Service], path: str
) -> None:
    page = make_service(REVIEW_TOOLS="true", SOURCE_URL=SOURCE_URL, **BUILD).client.get(path).text
    (heading,) = re.findall(r"<h1[^>]*>(.*?)</h1>", page)
    assert f"<title>{heading} – Exposure Alert</title>" in page
    assert re.search(r'<a class="skip" href="#main">', page)
    assert [len(re.findall(rf"<{landmark}[ >]", page)) for landmark in ("header", "main", "footer")] == [1, 1, 1]
    footer = page[page.index("<footer") :]
    assert "topic/front" in footer
    assert "98afb25642c4" in footer
    assert f'href="{SOURCE_URL}"' in footer


def test_an_invalid_pull_request_number_stops_the_start() -> None:
    addresses = {"DATABASE_URL": "postgres://user@host/name", "REDIS_URL": "redis://host:6379/0"}
    with pytest.raises(ConfigurationError, match=r"^PULL_REQUEST: "):
        Settings.from_environment(SECRETS | addresses | {"HEROKU_PR_NUMBER": "twelve"})


def test_every_page_and_document_that_it_links_to_exists(review: Service) -> None:
    seed(review.database, review.settings, review.clock.now)
    page = review.client.get("/review/en").text
    assert set(re.findall(r'href="#(\w+)"', page)) <= set(re.findall(r'id="(\w+)"', page))
    targets = set(re.findall(r'(?:href|src)="(/[^"#]*)"', page))
    assert {"/phone/en", "/openapi.json", "/services/ready", "/review/archives/00000"} <= targets
    missing = {
        path for path in targets if review.client.get(path, follow_redirects=True, buffered=True).status_code >= 400
    }
    assert missing == {"/.well-known/security.txt"}  # until SECURITY_CONTACT is set


@pytest.mark.parametrize(
    ("settings", "others"),
    [
        ({}, {"/status.json", "/metrics", "/clear-diagnosis-keys", "/qr/new-event"}),
        (
            {
                "SURFACES": "submission,retrieval,status",
                "METRICS_TOKEN": "m" * 32,
                "ENABLE_TEST_TOOLS": "true",
                "TEST_TOOLS_TOKEN": TEST_TOOLS_TOKEN,
                "ENABLE_OUTBREAK_EVENTS": "true",
            },
            set(),
        ),
    ],
)
def test_the_listed_endpoints_are_those_that_are_served(
    make_service: Callable[..., Service], settings: dict[str, str], others: set[str]
) -> None:
    review = make_service(**{"REVIEW_TOOLS": "true", "ENABLE_OUTBREAK_EVENTS": "false"} | settings)
    page = review.client.get("/review/en").text
    listed = set(re.findall(r'class="endpoints__path">.*?<code>(.*?)</code>', page))
    described = set(OPENAPI["paths"])
    assert {"/new-key-claim", "/retrieve/{region}/{day}/{auth}", "/review/{language}"} <= listed <= described
    assert described - listed >= others
    assert bool(described - listed) is bool(others)


def test_the_refusals_of_a_code_are_those_of_the_openapi_document(review: Service) -> None:
    for path, address in (("/review/{language}/code", "/review/en/code"), ("/phone/code", "/phone/code")):
        described = OPENAPI["paths"][path]["post"]["responses"]
        refused = [review.client.get(address), review.client.post(address, headers=ELSEWHERE[0])]
        with without_table(review, "encryption_keys"):
            refused.append(review.client.post(address))
        for answer in refused:
            assert list(described[str(answer.status_code)]["content"]) == [answer.content_type]


def test_a_code_is_issued_without_a_script_and_without_a_token(review: Service) -> None:
    page = review.client.post("/review/fr/code").text
    groups = "".join(rf"<span>([A-Z0-9]{{{length}}})</span>" for length in (3, 3, 4))
    shown = re.search(rf'id="issued-code">{groups}</span>', page)  # no spaces between them, which a copy would contain
    assert shown
    assert re.search(r"Valide jusqu’au \d+ \w+ \d{4}, \d\d\xa0h\xa0\d\d\xa0UTC", page)
    assert review.claim("".join(shown.groups())).status_code == 200


def test_a_script_receives_the_code_and_its_validity(make_service: Callable[..., Service]) -> None:
    review = make_service(REVIEW_TOOLS="true", ONE_TIME_CODE_EXPIRY_MINUTES="90")
    answer = review.client.post("/review/en/code", headers={"Accept": "application/json"})
    assert set(answer.json) == {"code", "validity"}
    assert re.fullmatch(r"[A-Z0-9]{10}", answer.json["code"])
    assert review.claim(answer.json["code"]).status_code == 200
    assert "within 90 minutes" in review.client.get("/review/en").text


@pytest.mark.parametrize("path", ["/review/en/code", "/phone/code"])
def test_only_a_post_of_the_page_itself_issues_a_code(review: Service, path: str) -> None:
    answer = review.client.get(path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    refused = [review.client.post(path, headers=headers).status_code for headers in ELSEWHERE]
    assert refused == [403] * len(ELSEWHERE)
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost:8080"}):
        assert review.client.post(path, headers=headers).status_code == 200


REFUSALS = {
    "en": ("button on the page", "another site", "could not process"),
    "fr": ("le bouton de la page", "un autre site", "pas pu traiter"),
}


@pytest.mark.parametrize("language", REFUSALS)
def test_a_person_is_refused_in_the_language_of_the_path(review: Service, language: str) -> None:
    path = f"/review/{language}/code"
    refused = [review.client.get(path), review.client.post(path, headers=ELSEWHERE[0])]
    with without_table(review, "encryption_keys"):
        refused.append(review.client.post(path))
    assert [answer.status_code for answer in refused] == [405, 403, 500]
    for answer, said in zip(refused, REFUSALS[language], strict=True):
        assert said in answer.text
        assert answer.headers["Content-Language"] == f"{language}-CA"
        assert answer.content_type == "text/plain; charset=utf-8"


def test_a_script_receives_an_error_without_a_language(review: Service) -> None:
    with without_table(review, "encryption_keys"):
        answer = review.client.post("/phone/code")
    assert (answer.status_code, answer.text) == (500, "server error\n")
    assert "Content-Language" not in answer.headers


def archives_on(page: str) -> dict[str, tuple[str, str]]:
    """Return the numbers of keys and the sizes of the page's archives, by their periods."""
    rows = re.findall(r"<tr>\s*<th scope=\"row\">(.*?)</tr>", page, flags=re.DOTALL)
    found = {}
    for row in rows:
        keys, size = (re.sub(r"<.*?>", "", cell).strip() for cell in re.findall(r"<td.*?>(.*?)</td>", row))
        period = re.search(r"/review/archives/(\d{5})", row)
        assert period
        found[period[1]] = (keys, size)
    return found


def test_the_archives_are_listed_with_their_keys_and_their_size_once_built(review: Service) -> None:
    seed(review.database, review.settings, review.clock.now)
    listed = archives_on(review.client.get("/review/en").text)
    periods = [f"{review.today - age:05d}" for age in range(SERVED_DAYS + 1)]
    assert list(listed) == ["00000", *periods]
    assert {size for _, size in listed.values()} == {"on request"}
    assert listed[periods[-1]][0] == "none"
    for period in ("00000", periods[1], periods[-1]):
        answer = review.client.get(f"/review/archives/{period}", follow_redirects=True)
        keys = len(archive_in(answer).export.keys)
        assert listed[period][0] == (str(keys) if keys else "none")
        size = archives_on(review.client.get("/review/en").text)[period][1]
        body = len(answer.data)
        assert size == (f"{body} B" if body < 1000 else f"{round(body / 1000)} kB")


def test_a_link_to_an_archive_works_in_a_tab_that_was_left_open(review: Service) -> None:
    first = review.client.get("/review/archives/00000")
    assert (first.status_code, first.headers["Cache-Control"]) == (302, "no-store")
    review.clock.advance(hours=5)
    assert review.client.get(first.headers["Location"]).status_code == 401
    assert review.client.get("/review/archives/00000", follow_redirects=True).status_code == 200


def test_the_page_is_there_when_the_archives_cannot_be_listed(review: Service) -> None:
    with without_table(review, "diagnosis_keys"):
        page = review.client.get("/review/en")
    assert page.status_code == 200
    assert "PostgreSQL does not respond" in page.text


def test_the_log_is_shown_and_sent_to_the_script(make_service: Callable[..., Service], tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    review = make_service(REVIEW_TOOLS="true", REVIEW_APP_LOG=str(log), **BUILD)
    assert "There is no log file yet" in review.client.get("/review/en").text
    log.write_text("web.1    | <b>up</b>\nworker.1 | level=error msg=oops\n")
    page = review.client.get("/review/en").text
    assert "&lt;b&gt;up&lt;/b&gt;" in page
    assert "&lt;b&gt;" not in review.client.get("/review/en?process=worker").text
    lines = review.client.get("/review/logs.json?process=worker").json["lines"]
    assert lines == [{"process": "worker.1", "text": "level=error msg=oops", "level": "error"}]
    assert len(review.client.get("/review/logs.json?process=../x").json["lines"]) == 2


def test_the_page_explains_how_to_read_logs_that_the_platform_keeps(review: Service) -> None:
    assert "heroku logs --tail --app pr-0012" in review.client.get("/review/en").text
    assert review.client.get("/review/logs.json").json == {"lines": []}
