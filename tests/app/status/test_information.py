"""The pages on privacy and accessibility: for everyone, without a document, with the numbers that really apply."""

from collections.abc import Callable

import pytest

from app.domain.portal import suppression
from tests.app.status.conftest import Site
from tests.app.status.test_pages import text_of
from tests.support.service import Service
from tests.support.status import document

PATHS = ["privacy", "accessibility"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_they_need_neither_a_document_nor_a_database_and_may_be_kept_by_caches(
    make_service: Callable[..., Service], language: str, path: str
) -> None:
    unreachable = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
    client = make_service(SURFACES="status", **unreachable).client
    response = client.get(f"/status/{language}/{path}")
    assert response.status_code == 200
    assert response.headers["Content-Language"] == f"{language}-CA"
    assert response.headers["Cache-Control"] == "public, max-age=15, stale-if-error=86400"
    assert not {"Set-Cookie", "Vary"} & set(response.headers.keys())
    again = client.get(f"/status/{language}/{path}", headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_each_page_links_to_them(site: Site) -> None:
    site.publish(document())
    for page in ("/fr", "/fr/incidents", "/fr/incidents/41", "/fr/rien", "/fr/privacy"):
        footer = site.get(page).text.partition("<footer")[2]
        assert [f'href="/status/fr/{path}"' in footer for path in PATHS] == [True, True], page
    assert '<a href="/status/fr/privacy" aria-current="page">Confidentialité</a>' in site.get("/fr/privacy").text
    assert '<a class="site-header__language" href="/status/en/privacy"' in site.get("/fr/privacy").text


def test_privacy_has_the_least_count_that_is_published(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Counts under 20 are not shown" in site.get("/en/privacy").text
    monkeypatch.setattr(suppression, "THRESHOLD", 31)
    assert "inférieurs à 31 ne sont pas affichés" in text_of(site.get("/fr/privacy"))


@pytest.mark.parametrize("path", PATHS)
def test_they_name_where_to_find_help(make_service: Callable[..., Service], path: str) -> None:
    address = "mailto:help@health.example"
    page = f"/status/en/{path}"
    named = make_service(SURFACES="status", STATUS_SUPPORT_URL=address).client.get(page)
    assert f'<a href="{address}">Contact support</a> (help@health.example)' in " ".join(named.text.split())
    unnamed = make_service(SURFACES="status").client.get(page).text
    assert "Contact support" not in unnamed
    assert "Ask the health authority of your province or territory" in unnamed
