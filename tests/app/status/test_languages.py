"""What people wrote in one language, on the pages of both."""

from dataclasses import replace

import pytest

from app.domain.incidents.public import PublicEvent
from tests.app.status.conftest import Site
from tests.support.status import NOW, document, ongoing


def test_a_text_without_a_translation_is_shown_in_the_other_language(site: Site) -> None:
    site.publish(document(incidents=(replace(ongoing(), titles={"en": "Only in English"}),)))
    for path in ("/fr", "/fr/incidents", "/fr/incidents/42"):
        assert '<span lang="en-CA">Only in English</span>' in site.get(path).text, path
    assert "<title>Only in English" in site.get("/fr/incidents/42").text


@pytest.mark.parametrize("path", ["/{}", "/{}/incidents/42"])
def test_a_note_in_another_language_names_it_and_is_escaped(site: Site, path: str) -> None:
    note = PublicEvent(NOW, "note", {"en": "<b>Only</b> in English"})
    site.publish(document(incidents=(replace(ongoing(), events=(note,)),)))
    assert "&lt;b&gt;Only&lt;/b&gt; in English" in site.get(path.format("en")).text
    marked = '<span lang="en-CA">&lt;b&gt;Only&lt;/b&gt; in English</span>'
    assert marked in site.get(path.format("fr")).text
    assert marked not in site.get(path.format("en")).text
