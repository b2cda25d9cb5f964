"""Incidents and published reports on their pages."""

from dataclasses import replace

from tests.app.status.conftest import Site
from tests.app.status.test_pages import text_of
from tests.support.status import document, ongoing


def test_a_report_does_not_show_a_small_total(site: Site) -> None:
    found = document().incidents_by_number[41]
    assert found.report is not None
    report = replace(found.report, figures=(replace(found.report.figures[0], failed=3, total=0),))
    site.publish(replace(document(), incidents=(replace(found, report=report),)))
    assert "Uploads succeed 3 Fewer than 20 61.30%" in text_of(site.get("/en/incidents/41"))
    assert "3 Moins de 20" in text_of(site.get("/fr/incidents/41"))


def test_an_incident_of_no_part_has_no_empty_list_of_parts(site: Site) -> None:
    incident = replace(ongoing(), parts=())
    site.publish(document(incidents=(incident,)))
    for path in (f"/en/incidents/{incident.number}", "/en/feed.atom"):
        assert "Affected parts" not in site.get(path).text
