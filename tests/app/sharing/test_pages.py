"""The pages: the same for every link, with their protective header fields and the integrity of all that they load."""

import base64
import hashlib
import re

import pytest

from app.sharing.views.assets import imported_modules, integrity
from app.web.pages import STATIC_FOLDER, static_path
from tests.app.sharing.conftest import Sharer
from tests.support.service import Service

PAGES = ["/share", "/share/open", "/share/receipt", "/share/request", "/share/answer"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_pages_are_strict(sharing: Service, page: str, language: str) -> None:
    response = sharing.client.get(f"{page}/{language}")
    policy = response.headers["Content-Security-Policy"]
    assert response.status_code == 200
    assert {"default-src 'none'", "script-src 'self'", "form-action 'none'"} <= set(policy.split("; "))
    assert "unsafe" not in policy
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert response.headers["Content-Language"] == f"{language}-CA"
    assert "Set-Cookie" not in response.headers
    assert not re.search(r" (?:style|on\w+)=|(?:href|src)=\"(?:https?:)?//", response.text)


@pytest.mark.parametrize("page", PAGES)
def test_everything_that_a_page_loads_has_its_integrity(sharing: Service, page: str) -> None:
    text = sharing.client.get(f"{page}/en").text
    loaded = re.findall(
        r'<(?:link rel="(?:stylesheet|modulepreload)"|script type="module") (?:href|src)="([^"]+)"(.*)>', text
    )
    assert len(loaded) > 8
    for address, attributes in loaded:
        with sharing.client.get(address) as response:
            digest = base64.b64encode(hashlib.sha384(response.data).digest()).decode()
        assert f'integrity="sha384-{digest}"' in attributes, address
    preloaded = {address for address, _ in loaded}
    script = f"sharing/{page.rpartition('/')[2]}.js"
    assert {static_path(module) for module in imported_modules(script)} <= preloaded


def test_the_modules_of_a_script_are_all_found() -> None:
    for script in sorted((STATIC_FOLDER / "sharing").glob("*.js")):
        statements = re.findall(r'from "(\./[^"]+)"', script.read_text(encoding="utf-8"))
        assert {f"sharing/{path[2:]}" for path in statements} <= set(imported_modules(f"sharing/{script.name}"))
    assert integrity("sharing/open.js") != integrity("sharing/share.js")


def test_a_page_is_the_same_whether_or_not_a_secret_exists(sharer: Sharer) -> None:
    client = sharer.service.client
    before = {page: client.get(f"{page}/en").data for page in PAGES}
    secret = sharer.share()
    assert {page: client.get(f"{page}/en").data for page in PAGES} == before
    assert {client.head(f"{page}/en").status_code for page in PAGES} == {200}
    assert sharer.outcome(secret) == "waiting"


def test_links_lead_to_the_readers_language(sharing: Service) -> None:
    for page in PAGES:
        response = sharing.client.get(page, headers={"Accept-Language": "fr-CA"})
        assert (response.status_code, response.headers["Location"]) == (302, f"{page}/fr")
        assert response.headers["Referrer-Policy"] == "no-referrer"


def test_pages_answer_no_other_method(sharing: Service) -> None:
    for method in ("POST", "PUT", "DELETE"):
        response = sharing.client.open("/share/open/en", method=method)
        assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")


def test_the_default_surfaces_have_no_sharing(service: Service) -> None:
    assert [service.client.get(page).status_code for page in PAGES] == [404] * len(PAGES)
