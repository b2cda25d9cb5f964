"""The pages: what they show, for caches, in both languages, and without a document."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.config import ConfigurationError
from app.status.document import UNSTORED, from_json, to_json
from app.status.views import respond
from tests.app.status.conftest import Site
from tests.support.service import Service
from tests.support.settings import make_settings
from tests.support.status import NOW, document, in_outage, ongoing, planned

PAGES = ["/en", "/fr", "/en/incidents", "/fr/incidents", "/en/incidents/41", "/fr/incidents/41", "/en/feed.atom"]
MAX_PAGE_BYTES = 100_000


def text_of(response: Any) -> str:
    """Return the text of a page without tags, and with ordinary spaces."""
    text = re.sub(r"<(?:style|title).*?</(?:style|title)>|<[^>]+>", " ", response.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", text.replace("\N{NO-BREAK SPACE}", " ")).replace("&#39;", "'")


@pytest.mark.parametrize("path", [*PAGES, ".json"])
def test_every_page_is_public_and_may_be_kept_by_caches(site: Site, path: str) -> None:
    site.publish(in_outage())
    response = site.get(path)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "public, max-age=15, stale-if-error=86400"
    assert re.fullmatch(r'"[0-9a-f]{32}"', response.headers["ETag"])
    assert "Set-Cookie" not in response.headers
    assert "Vary" not in response.headers
    assert len(response.data) < MAX_PAGE_BYTES


@pytest.mark.parametrize("path", [*PAGES, ".json"])
def test_a_client_that_has_a_page_receives_304_until_it_changes(site: Site, path: str) -> None:
    site.publish(document())
    first = site.get(path)
    unchanged = site.get(path, If_None_Match=first.headers["ETag"])
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    assert unchanged.headers["ETag"] == first.headers["ETag"]
    assert unchanged.headers["Cache-Control"] == first.headers["Cache-Control"]
    site.publish(in_outage(NOW + timedelta(minutes=1)))
    assert site.get(path, If_None_Match=first.headers["ETag"]).status_code == 200


@pytest.mark.parametrize("path", [*PAGES, ".json"])
def test_head_has_the_header_of_get(site: Site, path: str) -> None:
    site.publish(document())
    get, head = site.get(path), site.service.client.head(f"/status{path}")
    assert (head.status_code, head.data) == (200, b"")
    for name in ("Content-Length", "Content-Type", "ETag", "Cache-Control"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize("path", ["", "/", "/en", "/fr/incidents", "/nothing", ".json", "/en/feed.atom"])
def test_other_methods_are_refused(site: Site, path: str) -> None:
    site.publish(document())
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        response = site.service.client.open(f"/status{path}", method=method)
        assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(("wanted", "language"), [("fr-CA, en;q=0.5", "fr"), ("de", "en"), ("", "en"), ("en-CA", "en")])
@pytest.mark.parametrize("path", ["", "/"])
def test_the_address_leads_to_the_readers_language(site: Site, path: str, wanted: str, language: str) -> None:
    response = site.get(path, Accept_Language=wanted)
    assert (response.status_code, response.headers["Location"]) == (302, f"/status/{language}")
    assert response.headers["Vary"] == "Accept-Language"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_pages_are_strict(site: Site, language: str) -> None:
    site.publish(in_outage())
    response = site.get(f"/{language}")
    policy = response.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "style-src 'self'", "frame-ancestors 'none'", "form-action 'none'"} <= set(policy)
    assert "script-src" not in response.headers["Content-Security-Policy"]
    assert response.headers["Content-Language"] == f"{language}-CA"
    assert f'<html lang="{language}-CA">' in response.text
    assert not re.search(r"<script| (?:style|on\w+)=", response.text)


def test_a_path_that_does_not_exist_is_a_page_in_its_language(site: Site) -> None:
    site.publish(document())
    for path in ("/fr/rien", "/fr/incidents/999", "/fr/incidents/x", "/fr/incidents/41/1"):
        response = site.get(path)
        assert response.status_code == 404
        assert "Page introuvable" in response.text
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    other = site.get("/de", Accept_Language="fr")
    assert (other.status_code, other.headers["Vary"]) == (404, "Accept-Language")
    assert "Page introuvable" in other.text
    assert "Page not found" in site.get("/en/nothing").text


def test_without_a_document_nothing_is_claimed_and_nothing_is_kept(site: Site) -> None:
    for path, text in (("/en", "cannot be shown"), ("/fr", "ne peut pas être affiché"), (".json", "unavailable")):
        response = site.get(path)
        assert response.status_code == 503
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Retry-After"] == "30"
        assert text in response.text


def test_a_good_day(site: Site) -> None:
    site.publish(document())
    english, french = (text_of(site.get(path)) for path in ("/en", "/fr"))
    assert "All parts of the service are working As of November 27, 2026, 15:32 EST (UTC−05:00)" in english
    assert (
        "Toutes les composantes du service fonctionnent En date du 27 novembre 2026, 15 h 32 HNE (UTC−05:00)" in french
    )
    assert "Sharing a positive result Operational" in english
    assert "99.86% of minutes without disruption" in english
    assert "99,86 % des minutes sans perturbation" in french
    assert "Uploads succeed 99.9% 99.96% 69%" in english
    assert "Les codes sont délivrés 99,9 % 99,00 % Non atteint" in french
    assert "Monitoring has stopped" not in english


def test_an_outage_with_planned_work(site: Site) -> None:
    site.publish(in_outage())
    english = text_of(site.get("/en"))
    assert "Some parts of the service are not working" in english
    assert "Current incidents Phones cannot share positive results Under investigation" in english
    assert "The database accepts no connections. We are switching to its replica." in english
    assert "Sharing a positive result Outage" in english
    assert "Portal for health-care professionals Planned work" in english
    assert "Planned work Upgrade of the portal’s database Under way" in english
    assert "November 27, 2026, 15:22 to 17:32 EST (UTC−05:00)" in english


def test_a_stale_document_is_announced_as_such(site: Site) -> None:
    site.publish(document())
    site.service.clock.now = NOW + timedelta(minutes=5)
    assert "All parts of the service are working" in text_of(site.get("/en"))
    fresh = site.get("/en").headers["ETag"]
    site.service.clock.advance(seconds=1)
    response = site.get("/en", If_None_Match=fresh)
    english, french = text_of(response), text_of(site.get("/fr"))
    assert "Monitoring has stopped. The current state of the service is unknown." in english
    assert "What is shown here is of November 27, 2026, 15:32 EST (UTC−05:00)." in english
    assert "All parts of the service were working" in english
    assert "are working" not in english
    assert "La surveillance est interrompue." in french
    assert "Monitoring has stopped" in text_of(site.get("/en/incidents"))


def test_every_day_is_in_a_table_in_words(site: Site) -> None:
    site.publish(document())
    rows = re.findall(r'<tr><th scope="row">([^<]+)</th>((?:<td>[^<]*</td>)+)</tr>', site.get("/en").text)
    assert len(rows) == 90
    cells = {day: re.findall(r"<td>([^<]*)</td>", row) for day, row in rows}
    assert cells["Nov 27, 2026"] == ["100%"] * 7
    assert cells["Nov 15, 2026"][2] == "99.16%, disrupted"
    assert cells["Oct 18, 2026"][2:4] == ["90.48%, outage", "99.16%, disrupted"]
    assert cells["Oct 25, 2026"][4] == "100%, planned work"
    assert cells["Aug 30, 2026"] == ["No data"] * 7


def test_a_report_shows_all_that_was_published(site: Site) -> None:
    site.publish(document())
    english, french = (text_of(site.get(f"/{language}/incidents/41")) for language in ("en", "fr"))
    for text in ("Summary summary in English.", "What contributed causes in English.", "Where we were lucky"):
        assert text in english
    assert "Résumé summary en français. Un second paragraphe" in french
    assert "Resolved October 18, 2026, 18:49 EDT (UTC−04:00) (lasted 2 hours 17 minutes)" in english
    assert "Uploads succeed 1,234 45,678 61.30%" in english
    assert "Test the failover every month Operations December 17, 2026" in english
    assert "Tester le basculement chaque mois Operations 17 décembre 2026" in french
    assert "Version 2, October 22, 2026, 18:49 EDT (UTC−04:00) Changed: what contributed, what we are doing" in english
    assert "Version 1, October 21, 2026" in english


def test_an_incident_without_a_report_shows_what_is_known(site: Site) -> None:
    site.publish(in_outage())
    english = text_of(site.get("/en/incidents/42"))
    assert "Under investigation Incident 42" in english
    assert "November 27, 2026, 14:45 EST (UTC−05:00) The disruption was detected." in english
    assert "We are switching to its replica." in english


def test_an_incident_that_could_not_be_stored_has_no_page(site: Site) -> None:
    site.publish(document(incidents=(ongoing(number=UNSTORED),)))
    for path in ("/en", "/en/incidents", "/en/feed.atom"):
        assert "incidents/0" not in site.get(path).text
    assert "Phones cannot share positive results Under investigation" in text_of(site.get("/en"))
    assert site.get("/en/incidents/0").status_code == 404
    assert site.get("/en/feed.atom").status_code == 200


def test_text_of_people_is_escaped(site: Site) -> None:
    markup = {"en": "<img src=x onerror=alert(1)>", "fr": "<b>&amp;"}
    work, incident = planned(), ongoing()
    object.__setattr__(work, "titles", markup)
    object.__setattr__(incident, "titles", markup)
    site.publish(document(incidents=(incident,), planned_work=(work,)))
    for path in ("/en", "/fr", "/en/incidents", "/en/incidents/42", "/fr/feed.atom"):
        text = site.get(path).text
        assert "<img src=x" not in text
        assert "<b>" not in text
        assert "&lt;" in text


def test_a_page_is_rendered_once_for_a_document(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[str] = []
    render = respond.render_template
    monkeypatch.setattr(
        respond, "render_template", lambda page, **values: rendered.append(page) or render(page, **values)
    )
    site.publish(document())
    for _ in range(3):
        site.get("/en")
    assert rendered == ["status/overview.html"]
    site.publish(document(NOW + timedelta(minutes=1)))
    site.get("/en")
    assert rendered == ["status/overview.html"] * 2


def test_the_json_is_the_document_and_other_sites_may_read_it(site: Site) -> None:
    whole = in_outage()
    site.publish(whole)
    response = site.get(".json")
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.data == to_json(whole)
    assert from_json(response.data) == whole


def test_only_parts_of_the_document_are_shown(site: Site) -> None:
    whole = document()
    site.publish(document(parts=whole.parts[:2]))
    text = text_of(site.get("/en"))
    assert "Accepting one-time codes" in text
    assert "Portal for health-care professionals Operational" not in text


def test_the_default_surfaces_have_no_status(service: Service) -> None:
    assert [service.client.get(f"/status{path}").status_code for path in ("", *PAGES, ".json")] == [404] * 9


def test_in_production_the_address_is_required(database_url: str, redis_url: str) -> None:
    own = {"SURFACES": "status", "ENV": "production"}
    for address in ("", "http://status.example.org"):
        with pytest.raises(ConfigurationError, match="STATUS_URL: must start with https://"):
            make_settings(database_url, redis_url, **own, STATUS_URL=address)
    make_settings(database_url, redis_url, **own, STATUS_URL="https://status.example.org")


def test_in_production_browsers_must_use_https(make_service: Callable[..., Service]) -> None:
    service = make_service(SURFACES="status", ENV="production", STATUS_URL="https://status.example.org")
    assert service.client.get("/status").headers["Strict-Transport-Security"] == "max-age=31536000"


def test_names_time_zone_and_support_are_settings(make_service: Callable[..., Service], site: Site) -> None:
    service = make_service(
        SURFACES="status",
        STATUS_FOLDER=str(site.folder),
        STATUS_TIME_ZONE="America/St_Johns",
        STATUS_NAME_EN="COVID Alert",
        STATUS_NAME_FR="Alerte COVID",
        STATUS_SUPPORT_URL="https://example.org/help",
    )
    site.publish(document())
    service.clock.now = NOW
    english, french = (service.client.get(f"/status/{language}").text for language in ("en", "fr"))
    assert "<title>Service status – COVID Alert</title>" in english
    assert "<title>État du service – Alerte COVID</title>" in french
    assert "17:02" in english
    assert "(UTC−03:30)" in english
    assert '<a href="https://example.org/help">Obtenir de l’aide</a>' in french


@pytest.mark.parametrize(
    ("surfaces", "is_there"), [("submission,retrieval,status", True), ("submission,retrieval", False)]
)
def test_the_front_page_leads_to_the_status_page_where_it_is_served(
    make_service: Callable[..., Service], surfaces: str, is_there: bool
) -> None:
    front = make_service(SURFACES=surfaces, REVIEW_TOOLS="true").client.get("/review/fr").text
    assert ('href="/status/fr"' in front) is is_there
    assert ('href="#status"' in front) is is_there
