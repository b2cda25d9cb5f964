"""The Atom feed: valid by RFC 4287, with identifiers that last."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from tests.app.status.conftest import Site
from tests.support.service import Service
from tests.support.status import NOW, document, in_outage, ongoing, planned

ATOM = "{http://www.w3.org/2005/Atom}"


def parsed(site: Site, language: str = "en") -> ElementTree.Element:
    response = site.get(f"/{language}/feed.atom")
    assert response.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(response.data)  # noqa: S314 - our own


def only(element: ElementTree.Element, name: str) -> ElementTree.Element:
    """Return the only child of a name."""
    (found,) = element.findall(ATOM + name)
    return found


def text(element: ElementTree.Element, name: str) -> str:
    found = only(element, name).text
    assert found
    return found


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_feed_has_what_the_standard_requires(site: Site, language: str) -> None:
    site.publish(in_outage())
    feed = parsed(site, language)
    assert feed.tag == f"{ATOM}feed"
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == f"{language}-CA"
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == 3
    for each in (feed, *entries):  # 4.1.1 and 4.1.2: exactly one of each
        assert urlsplit(text(each, "id")).scheme in ("http", "https")
        assert text(each, "title")
        assert datetime.fromisoformat(text(each, "updated")).tzinfo
    assert text(only(feed, "author"), "name")
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert set(links) == {"self", "alternate"}
    assert links["self"] == text(feed, "id")
    identifiers = [text(each, "id") for each in entries]
    assert len(set(identifiers)) == 3
    updated = [text(each, "updated") for each in entries]
    assert updated == sorted(updated, reverse=True)
    assert text(feed, "updated") == updated[0]


def test_an_identifier_lasts_and_a_change_is_an_update(site: Site) -> None:
    def entry() -> tuple[str, str]:
        (found,) = [each for each in parsed(site).findall(f"{ATOM}entry") if "cannot share" in text(each, "title")]
        return text(found, "id"), text(found, "updated")

    site.publish(in_outage())
    identifier, updated = entry()
    later = NOW + timedelta(minutes=5)
    changed = ongoing(NOW)
    object.__setattr__(changed, "resolved", later)
    site.publish(document(later, incidents=(changed,)))
    assert entry() == (identifier, later.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert updated < entry()[1]


def test_the_end_of_planned_work_is_an_update_since_it_may_be_early(site: Site) -> None:
    over = NOW - timedelta(minutes=5)
    site.publish(document(planned_work=(planned(), replace(planned(), number=8, ends=over))))
    entries = [each for each in parsed(site).findall(f"{ATOM}entry") if "#planned" in text(each, "id")]
    updated = {datetime.fromisoformat(text(each, "updated")) for each in entries}
    assert updated == {planned().announced, over}


def test_an_empty_feed_is_valid(site: Site) -> None:
    site.publish(document(incidents=()))
    feed = parsed(site)
    assert feed.findall(f"{ATOM}entry") == []
    assert text(feed, "updated") == "2026-11-27T20:32:00Z"


def test_characters_that_xml_cannot_hold_are_left_out(site: Site) -> None:
    incident = ongoing()
    object.__setattr__(incident, "titles", {"en": "null \x00 escape \x1b \ufffe end"})
    site.publish(document(incidents=(incident,)))
    assert "null  escape   end" in text(parsed(site).findall(f"{ATOM}entry")[0], "title")


def test_links_have_the_address_of_the_settings(make_service: Callable[..., Service], site: Site) -> None:
    own = {"SURFACES": "status", "STATUS_FOLDER": str(site.folder), "STATUS_URL": "https://status.example.org/"}
    service = make_service(**own)
    site.publish(document())
    service.clock.now = NOW
    response = service.client.get("/status/en/feed.atom", headers={"Host": "evil.example"})
    assert "evil.example" not in response.text
    assert 'href="https://status.example.org/status/en/incidents/41"' in response.text
