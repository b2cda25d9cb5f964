"""A form that is opened and sent as it is keeps everything, whatever the language of its page."""

from datetime import UTC, date, datetime

import pytest

from app.domain.incidents.reports import Action
from app.domain.incidents.states import Impact
from app.domain.portal.rights import Right, Role
from app.incidents.service import Opening
from app.portal.announcements import Content
from tests.support.forms import fields_of
from tests.support.incidents import report
from tests.support.portal import add_account, person_with, signed_in
from tests.support.service import Service

ACTIONS = (
    Action("Alert earlier", "Alerter plus tôt", "Operations", date(2026, 5, 1)),
    Action("Test the copy", "", "", None),
    Action("", "Vérifier", "", None),
    Action("", "", "Support", None),
)
KEPT = ("portal_accounts", "portal_announcements", "incidents", "incident_reports")


@pytest.fixture
def superuser(portal: Service) -> int:
    """The account of a superuser of Ontario, whose e-mail is in French."""
    return add_account(portal, "ada@health.example", role=Role.SUPERUSER, name="Zoé <Roy>", language="fr")


@pytest.fixture
def forms(portal: Service, superuser: int) -> dict[str, str]:
    """The paths and the identifiers of forms that show what is stored."""
    portal.clock.now = now = datetime(2026, 11, 1, 4, tzinfo=UTC)
    ada, context = person_with(portal, superuser), portal.app.context
    opening = Opening("Claims fail", "Les codes sont refusés", Impact.MAJOR, ("claiming", "uploading"))
    incident = context.incidents.open(opening, ada.email, now)
    context.incidents.resolve(incident, ada.email, now)
    context.incidents.reports.change(incident, report("One\ntwo & <three>", *ACTIONS), 1, ada.email, now)
    # Clocks are set back at the end of the announcement: its last hour occurs twice.
    ends = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    content = Content("warning", "Closed\n\non Friday", "Fermé", "QC", now, ends)
    context.portal.announcements.publish(ada, content, now)
    other = add_account(portal, role=Role.ADMINISTRATOR, granted=(Right.OUTBREAKS,))
    announcement = portal.rows("SELECT id FROM portal_announcements")[0].id
    return {
        "/account/details": "details",
        f"/people/{other}/role": "role-form",
        f"/announcements/{announcement}": "announcement-form",
        f"/incidents/{incident}/edit": "incident-form",
        f"/incidents/{incident}/report/edit": "report-form",
    }


def kept(portal: Service) -> dict[str, list[str]]:
    """Return all rows that the forms can change."""
    query = "SELECT CAST(to_jsonb(each) AS text) AS text FROM {} AS each ORDER BY 1"
    return {name: [row.text for row in portal.rows(query.format(name))] for name in KEPT}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_form_that_is_sent_as_it_was_opened_changes_nothing(
    portal: Service, superuser: int, forms: dict[str, str], language: str
) -> None:
    visitor, before = signed_in(portal, superuser), kept(portal)
    for path, form in forms.items():
        fields = fields_of(visitor.get(f"/{language}{path}"), form)
        assert visitor.client.post(f"/{language}{path}", data=fields).status_code == 303, path
        assert kept(portal) == before, path
