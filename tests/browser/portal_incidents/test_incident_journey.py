"""An incident in a real browser, from its first line to the published report; with and without scripts."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.incidents.service import Opening
from tests.browser.test_portal_looks import faults
from tests.support.service import Service
from tests.support.torture import only_in_torture, times

LUCK = {"English": "It was daytime", "French": "C’était le jour"}


def look(page: Page, name: str) -> None:
    """Store pictures of a page in the folder of PICTURES, for a person who wants to see them."""
    folder = os.environ.get("PICTURES")
    for width in (320, 1280) if folder else ():
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=Path(folder or "", f"{name}-{width}.png"), full_page=True)


@pytest.mark.parametrize("scripts", times([True], [True, False]), ids="scripts: {}".format)
def test_two_people_handle_an_incident_and_publish_its_report(
    enter: Callable[..., Page], service: Service, scripts: bool
) -> None:
    ada = enter("ada", java_script_enabled=scripts)
    started = time.monotonic()
    ada.goto("/en/incidents")
    ada.get_by_role("link", name="Open an incident").click()
    ada.get_by_label("Title in English").fill("Codes cannot be claimed")
    ada.get_by_label("Major").check()
    ada.get_by_label("Claiming of codes").check()
    ada.get_by_role("button", name="Open the incident").click()
    expect(ada.get_by_role("heading", level=1)).to_contain_text("Codes cannot be claimed")
    print(f"an incident is open {time.monotonic() - started:.1f} seconds after the list was requested")
    ada.get_by_role("button", name="Acknowledge").click()
    ada.get_by_label("Note in English").fill("The limit of connections was reached")
    ada.get_by_role("button", name="Add the note").click()
    expect(ada.get_by_role("table")).to_contain_text("The limit of connections was reached")
    ada.get_by_role("button", name="Effects are mitigated").click()
    ada.get_by_role("button", name="Resolve").click()
    ada.get_by_role("link", name="Report").click()
    expect(ada.locator("main")).to_contain_text("Some texts are still missing")
    ada.get_by_role("link", name="Edit the report").click()
    luck = ada.get_by_role("group", name="What was luck")
    for language, words in LUCK.items():
        luck.get_by_label(language).fill(words)
    action = ada.get_by_role("group", name="Action 1")
    action.get_by_label("English").fill("Alert earlier")
    action.get_by_label("French").fill("Alerter plus tôt")
    action.get_by_label("Owner").fill("Operations")
    action.get_by_label("Due date").fill("2030-01-31")
    ada.get_by_role("button", name="Save").click()
    expect(ada.locator("main")).to_contain_text("Another member of the team must read this report")
    expect(ada.get_by_role("button", name="I have read this report")).to_have_count(0)

    grace = enter("grace", java_script_enabled=scripts)
    grace.goto(ada.url)
    grace.get_by_role("button", name="I have read this report").click()
    grace.get_by_role("button", name="Publish").click()
    expect(grace.locator("main")).to_contain_text("Version 1")
    (shown,) = service.app.context.incidents.public(service.clock())
    assert shown.report is not None
    assert shown.report.sections["fr"]["luck"] == LUCK["French"]


@only_in_torture
@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("fr", "dark")])
def test_pages_of_incidents_meet_wcag_at_every_width(
    enter: Callable[..., Page], service: Service, language: str, scheme: str
) -> None:
    incidents, now = service.app.context.incidents, service.clock()
    number = incidents.open(
        Opening("Codes cannot be claimed", "Les codes ne peuvent pas être utilisés", parts=("claiming",)), "ada", now
    )
    incidents.note(number, "https://example.org/" + "a-very-long-address" * 10, "grace@health.example", now)
    page = enter("ada", color_scheme=scheme)
    found = {}
    for path in ("", "/new", f"/{number}", f"/{number}/edit"):
        page.goto(f"/{language}/incidents{path}")
        found[path] = faults(page)
        look(page, f"{language}{path.replace('/', '-')}")
    incidents.resolve(number, "ada", now)
    for path in (f"/{number}/report", f"/{number}/report/edit"):
        page.goto(f"/{language}/incidents{path}")
        found[path] = faults(page)
        look(page, f"{language}{path.replace('/', '-')}")
    assert {path: each for path, each in found.items() if each} == {}
