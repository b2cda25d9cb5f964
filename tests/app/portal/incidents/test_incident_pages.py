"""The team's pages of incidents, from opening one to publishing its report."""

import re
from html import unescape

import pytest
from werkzeug.test import TestResponse

from app.domain.errors import NotPermittedError
from app.domain.incidents.reports import LANGUAGES, SECTIONS, Report
from app.domain.incidents.states import State
from app.domain.incidents.timeline import EventKind
from app.domain.portal.rights import Role
from app.incidents.service import Opening
from tests.support.invitations import actor
from tests.support.portal import Visitor, person
from tests.support.service import Service


def opened(visitor: Visitor, **fields: str) -> str:
    """Open an incident; return the path of its page without the language."""
    values = {"title_en": "Codes cannot be claimed", "impact": "major", "parts": "claiming"} | fields
    response = visitor.post("/en/incidents/new", **values)
    assert response.status_code == 303, response.text
    return str(response.location.removeprefix("/en"))


def words(revision: str, **changes: str) -> dict[str, str]:
    """Return the fields of a complete report."""
    texts = {f"{section}_{language}": f"{section} in {language}" for section in SECTIONS for language in LANGUAGES}
    action = {"action_en_0": "Alert earlier", "action_fr_0": "Alerter plus tôt", "action_owner_0": "Operations"}
    return texts | action | {"action_due_0": "2026-05-01", "revision": revision} | changes


def summary(page: str) -> str:
    """Return the summary of errors, which the focus is moved to; the title names the error first."""
    found = re.search(r'<div class="error-summary" [^>]*data-focus>.*?</div>', page, re.DOTALL)
    assert found
    assert re.search("<title>(Error|Erreur)", page)
    return found[0]


def hidden_revision(visitor: Visitor, path: str) -> str:
    """Return the revision in the forms of a page."""
    found = re.search(r'name="revision" value="(\d+)"', visitor.get(path).text)
    assert found
    return found[1]


def revision_of(shown: Visitor | TestResponse, path: str = "") -> str:
    """Return the revision in the form that a page, or a response, shows."""
    text = shown.get(path).text if isinstance(shown, Visitor) else shown.text
    found = re.search(r'name="revision"[^>]* value="(\w+)"', text)
    return found[1] if found else ""


def test_an_incident_goes_from_its_page_to_a_published_report(portal: Service) -> None:
    ada, grace = person(portal, Role.SUPERUSER), person(portal, Role.SUPERUSER)
    path = opened(ada)
    assert "Codes cannot be claimed" in grace.get(f"/fr{path}").text
    assert ada.post(f"/en{path}", text="The limit of PostgreSQL was reached").location == f"/en{path}"
    for step in ("acknowledge", "mitigate", "reopen", "resolve"):
        assert ada.post(f"/en{path}/{step}", page=f"/en{path}").location == f"/en{path}", step
    report = f"/en{path}/report"
    page = ada.get(report).text
    assert "I have read this report" not in page
    assert "Some texts are still missing" in page
    assert 'lang="fr-CA">Not written yet' not in page
    assert '<p class="pre quiet">Not written yet</p>' in page
    assert "A person noticed the incident" in page
    revision = hidden_revision(ada, f"{report}/edit")
    assert ada.post(f"{report}/edit", **words(revision)).location == report
    assert "Another member of the team must read" in (page := ada.get(report).text)
    assert "I have read this report" not in page
    revision = hidden_revision(grace, report)
    refused = ada.post(f"{report}/read", page=report, revision=revision)
    assert refused.status_code == 409
    assert "another person must read it" in summary(refused.text)
    assert "I have read this report" in grace.get(report).text
    assert grace.post(f"{report}/read", page=report, revision=revision).location == report
    assert "Reviewed" in ada.get(report).text
    assert ada.post(f"{report}/publish", page=report, revision=revision).location == report
    assert "Version 1" in ada.get(report).text
    (shown,) = portal.app.context.incidents.public(portal.clock.now)
    assert shown.report is not None
    assert shown.report.sections["fr"]["luck"] == "luck in fr"
    assert shown.report.actions[0].texts == {"en": "Alert earlier", "fr": "Alerter plus tôt"}
    actions = [row.action for row in portal.rows("SELECT action FROM portal_audit_entries ORDER BY id")]
    assert actions == [
        "open-incident",
        "note-incident",
        "acknowledge-incident",
        "mitigate-incident",
        "reopen-incident",
        "resolve-incident",
        "change-report",
        "read-report",
        "publish-report",
    ]
    assert portal.app.context.portal.audit_checks.verify().broken is None


@pytest.mark.parametrize(
    "fields", [{"title_en": ""}, {"title_en": "x" * 201}, {"impact": "huge"}, {"parts": "kitchen"}, {"title_en": "\0"}]
)
def test_an_impossible_incident_is_refused_and_what_was_typed_stays(portal: Service, fields: dict[str, str]) -> None:
    ada = person(portal, Role.SUPERUSER)
    values = {"title_en": "Codes", "title_fr": "", "impact": "minor", "parts": "claiming"} | fields
    response = ada.post("/en/incidents/new", **values)
    assert response.status_code == 200
    assert "There is a problem" in response.text
    assert unescape(values["title_en"]).strip("\0") in response.text
    assert portal.rows("SELECT 1 FROM incidents") == []


@pytest.mark.parametrize("field", ["text", "text_fr"])
@pytest.mark.parametrize("text", ["", " ", "x" * 2001])
def test_an_impossible_note_is_refused_on_the_page_of_the_incident(portal: Service, text: str, field: str) -> None:
    ada = person(portal, Role.SUPERUSER)
    path = opened(ada)
    response = ada.post(f"/en{path}", **{field: text})
    assert "Enter a note of at most 2000 characters" in response.text
    assert text.strip() in response.text


def test_a_note_is_shown_in_the_language_of_the_page_or_names_its_own(portal: Service) -> None:
    ada = person(portal, Role.SUPERUSER)
    path = opened(ada)
    ada.post(f"/en{path}", text="The host is slow", text_fr="L’hôte est lent")
    ada.post(f"/en{path}", text_fr="La cause est connue")
    english, french = ada.get(f"/en{path}").text, ada.get(f"/fr{path}").text
    assert "The host is slow" in english
    assert "L’hôte est lent" not in english
    assert '<span class="pre" lang="fr-CA">La cause est connue</span>' in english
    assert "The host is slow" not in french
    assert '<span class="pre">L’hôte est lent</span>' in french
    assert '<span class="pre">La cause est connue</span>' in french


def test_a_title_in_one_language_is_for_both_and_its_translation_can_be_added(portal: Service) -> None:
    ada = person(portal, Role.SUPERUSER)
    path = ada.post("/fr/incidents/new", title_fr="Les codes sont refusés", impact="minor").location.removeprefix("/fr")
    marked = '<span lang="fr-CA">Les codes sont refusés</span>'
    for page in (path, "/incidents"):
        assert marked in ada.get(f"/en{page}").text, page
        assert marked not in ada.get(f"/fr{page}").text, page
    edit = f"/en{path}/edit"
    assert re.search(r'name="title_en"[^>]*value=""', ada.get(edit).text)
    values = {"title_en": "Codes are refused", "title_fr": "Les codes sont refusés", "impact": "minor"}
    assert ada.post(edit, **values, revision=revision_of(ada, edit)).location == f"/en{path}"
    assert "Codes are refused" in ada.get(f"/en{path}").text


def test_a_line_break_is_one_character_as_in_the_browser(portal: Service) -> None:
    ada = person(portal, Role.SUPERUSER)
    path = opened(ada)
    page = ada.get(f"/en{path}").text
    assert re.search(r'<textarea[^>]* maxlength="2000"', page)
    assert ada.post(f"/en{path}", text="a\r\n" * 999 + "ab").status_code == 303
    assert portal.rows("SELECT text FROM incident_events WHERE kind = 'note'")[0].text == "a\n" * 999 + "ab"


def test_a_change_of_the_language_keeps_what_was_typed(portal: Service) -> None:
    ada = person(portal, Role.SUPERUSER)
    path = opened(ada)
    response = ada.post(f"/fr{path}", text="Half a sentence", switch_language="fr")
    assert "Half a sentence" in response.text
    assert "Half a sentence" not in ada.get(f"/fr{path}").text


def test_a_step_that_another_person_took_is_refused(portal: Service) -> None:
    ada = person(portal, Role.SUPERUSER)
    path = opened(ada)
    for status in (303, 409):
        assert ada.post(f"/en{path}/mitigate", page=f"/en{path}").status_code == status
    ada.post(f"/en{path}/resolve", page=f"/en{path}")
    response = ada.post(f"/en{path}/resolve", page=f"/en{path}")
    assert response.status_code == 409
    assert "changed its state meanwhile" in summary(response.text)


def test_two_people_who_write_at_once_lose_nothing(portal: Service) -> None:
    ada, grace = person(portal, Role.SUPERUSER), person(portal, Role.SUPERUSER)
    path = opened(ada)
    ada.post(f"/en{path}/resolve", page=f"/en{path}")
    edit = f"/en{path}/report/edit"
    revision = hidden_revision(ada, edit)
    assert grace.post(edit, **words(revision)).status_code == 303
    response = ada.post(edit, **words(revision, luck_en="What Ada typed"))
    assert "Another person has changed the report meanwhile" in response.text
    assert "What Ada typed" in response.text
    assert 'name="revision" value="2"' in response.text
    assert ada.post(edit, **words("2", luck_en="What Ada typed")).status_code == 303


def test_a_change_of_an_incident_does_not_replace_that_of_another_person(portal: Service) -> None:
    ada, grace = person(portal, Role.SUPERUSER), person(portal, Role.SUPERUSER)
    edit = f"/en{opened(ada)}/edit"
    fields = {"title_fr": "Les codes sont refusés", "parts": "claiming", "revision": revision_of(ada, edit)}
    assert grace.post(edit, **fields, title_en="Codes are refused", impact="major").status_code == 303
    response = ada.post(edit, **fields, title_en="Codes fail", impact="minor")
    assert "has been changed meanwhile" in summary(response.text)
    assert "Codes fail" in response.text
    assert tuple(portal.rows("SELECT title_en, impact FROM incidents")[0]) == ("Codes are refused", "major")
    again = fields | {"revision": revision_of(response)}
    assert ada.post(edit, **again, title_en="Codes fail", impact="minor").status_code == 303
    assert tuple(portal.rows("SELECT title_en, impact FROM incidents")[0]) == ("Codes fail", "minor")


def test_a_change_of_an_incident_does_not_undo_what_an_alert_added_to_it(portal: Service) -> None:
    ada = person(portal, Role.SUPERUSER)
    path = opened(ada, impact="minor")
    revision = revision_of(ada, f"/en{path}/edit")
    portal.execute("UPDATE incidents SET impact = 'major', parts = '{claiming,uploading}'")
    response = ada.post(f"/en{path}/edit", title_en="Codes", impact="minor", parts="claiming", revision=revision)
    assert "has been changed meanwhile" in summary(response.text)
    assert portal.rows("SELECT impact FROM incidents")[0].impact == "major"


def test_actions_that_were_typed_stay_although_another_person_deleted_others(portal: Service) -> None:
    ada, grace = person(portal, Role.SUPERUSER), person(portal, Role.SUPERUSER)
    path = opened(ada)
    ada.post(f"/en{path}/resolve", page=f"/en{path}")
    edit = f"/en{path}/report/edit"
    many = {f"action_en_{number}": f"Action {number}" for number in range(2)}
    assert ada.post(edit, **words("1", **many)).status_code == 303
    many |= {f"action_en_{number}": f"Action {number}" for number in range(2, 4)}
    assert ada.post(edit, **words("2", **many)).status_code == 303
    none = {f"action_{field}_{number}": "" for field in ("en", "fr", "owner") for number in range(4)}
    assert grace.post(edit, **words("3", **none)).status_code == 303
    page = ada.post(edit, **words("3", **many)).text
    assert [number for number in range(4) if f'value="Action {number}"' not in page] == []


@pytest.mark.parametrize("revision", ["", "-1", "x", "9" * 30, "²"])
def test_a_forged_revision_is_refused(portal: Service, revision: str) -> None:
    ada = person(portal, Role.SUPERUSER)
    path = opened(ada)
    ada.post(f"/en{path}/resolve", page=f"/en{path}")
    report = f"/en{path}/report"
    assert ada.post(f"{report}/edit", **words(revision)).status_code == 200
    for step in ("read", "publish"):
        response = ada.post(f"/fr{path}/report/{step}", page=report, revision=revision)
        assert response.status_code == 409
        assert "<title>Erreur" in response.text
        assert summary(response.text)


def test_the_report_of_an_ongoing_incident_is_missing(portal: Service) -> None:
    ada = person(portal, Role.SUPERUSER)
    path = opened(ada)
    assert ada.get(f"/en{path}/report").status_code == 404
    assert ada.get("/en/incidents/999999").status_code == 404


def test_markup_is_shown_as_text(portal: Service) -> None:
    ada = person(portal, Role.SUPERUSER)
    path = opened(ada, title_en="<img src=x onerror=alert(1)>")
    ada.post(f"/en{path}", text="<script>alert(1)</script>")
    for page in ("/en/incidents", f"/en{path}", f"/en{path}/edit"):
        text = ada.get(page).text
        assert "<img src=x" not in text
        assert "<script>alert" not in text


def test_each_description_that_a_field_refers_to_exists(portal: Service) -> None:
    ada = person(portal, Role.SUPERUSER)
    page = ada.post("/en/incidents/new", title_en="x" * 201, impact="huge").text
    described = {name for names in re.findall(r'aria-describedby="([^"]+)"', page) for name in names.split()}
    assert "impact-error" in described
    assert {name for name in described if f'id="{name}"' not in page} == set()


def test_a_superuser_disabled_since_the_request_arrived_changes_no_incident(portal: Service) -> None:
    incidents, now = portal.app.context.incidents, portal.clock.now
    former, superuser = actor(portal, Role.SUPERUSER, "CDS"), actor(portal, Role.SUPERUSER)
    number = incidents.open(Opening("Codes cannot be claimed"), former.email, now)
    portal.app.context.portal.people.disable(superuser, former.id, now)
    for act in (incidents.acknowledge, incidents.mitigate, incidents.resolve):
        with pytest.raises(NotPermittedError):
            act(number, former.email, now)
    with pytest.raises(NotPermittedError):
        incidents.note(number, "A note", former.email, now, is_public=True)
    found = incidents.find(number, now)
    assert (found.incident.state, found.incident.acknowledged) == (State.OPEN, None)
    assert [each.kind for each in found.events] == [EventKind.OPENED]
    incidents.resolve(number, superuser.email, now)
    draft = incidents.find(number, now).draft
    assert draft
    with pytest.raises(NotPermittedError):
        incidents.reports.change(number, Report.empty(), draft.revision, former.email, now)
    assert incidents.find(number, now).draft == draft
