"""An administrator's day in the portal, and an outbreak from the poster to a phone."""

import io
import re
import time
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Page, expect

from app.domain.portal.jurisdictions import JURISDICTIONS
from app.domain.portal.rights import Right, Role
from app.store.portal.announcements import Announcement
from clients.phone.archive import load_public_key
from clients.phone.outbreaks import Visit, find_outbreaks, read_outbreaks
from clients.phone.posters import Place, read_poster
from clients.phone.protocol import Server
from clients.phone.settings import Settings
from tests.browser.conftest import NewPage
from tests.browser.portals import portal_fixtures
from tests.browser.test_portal_looks import faults
from tests.support.places import switch_on
from tests.support.portal import add_account, signed_in
from tests.support.service import Service
from tests.support.settings import SECRETS
from tests.support.torture import only_in_torture, times

SURFACES = {"SURFACES": "submission,retrieval,portal", "EXPORT_MAX_AGE_SECONDS": "0"}
HOST = "alpha.canada.ca"


portal_address, service = portal_fixtures(SURFACES)


def enter(page: Page, service: Service, role: Role, *granted: Right, email: str = "") -> Page:
    """Give the browser the session of a new person of Ontario."""
    account = add_account(service, email or f"{role.value}@health.example", role=role, granted=granted)
    cookie = signed_in(service, account).client.get_cookie("portal")
    page.context.add_cookies([{"name": "portal", "value": cookie.value, "domain": "127.0.0.1", "path": "/"}])
    return page


def choose_period(page: Page, day: str, start: str, end: str) -> None:
    """Enter a period of one day."""
    for name in ("start_date", "end_date"):
        page.fill(f"#{name}", day)
    page.select_option("#start_time", start)
    page.select_option("#end_time", end)


def phone_server(address: str, service: Service) -> Server:
    """Return the service, as a phone sees it."""
    key = service.settings.retrieval.ecdsa_key.public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    hmac_key = bytes.fromhex(SECRETS["RETRIEVE_HMAC_KEY"])
    return Server(Settings(address, address, hmac_key, load_public_key(pem)))


def download_poster(page: Page, address: str) -> bytes:
    """Return the PDF to which the page of a place leads."""
    link = page.get_by_role("link", name="Print the poster (PDF)").get_attribute("href")
    response = page.request.get(f"{address}{link}")
    assert response.headers["content-type"] == "application/pdf"
    return response.body()


def scan(pdf: bytes, service: Service) -> Place:
    """Print a poster, scan it with a phone, and return the place that the phone verifies."""
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as document:
        image = document[0].render(scale=150 / 72).to_pil()
        (scanned,) = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
    return read_poster(scanned.text, HOST, service.app.context.portal.posters.public_key)


@pytest.mark.parametrize("keyboard", times([True], [False, True]), ids="keyboard: {}".format)
def test_an_outbreak_from_the_poster_to_the_phone(
    new_portal_page: NewPage, service: Service, portal_address: str, keyboard: bool
) -> None:
    def press(name: str, kind: str = "button") -> None:
        target = page.locator("main").get_by_role(kind, name=name, exact=True)  # type: ignore[arg-type]
        if keyboard:
            target.focus()
            page.keyboard.press("Enter")
        else:
            target.click()

    switch_on(service, "ON")
    page = enter(new_portal_page(), service, Role.STAFF, Right.OUTBREAKS)
    page.goto("/en/places")
    press("Register a place", "link")
    for label, value in {
        "Place": "Café Été",
        "Address": "120 Main Street",
        "City or town": "Ottawa",
        "Contact’s name": "Jo Owner",
        "Contact’s telephone number": "613 555 0123",
    }.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Retail and shopping").check()
    press("Register")
    expect(page.get_by_text("The place was registered. Print its poster.")).to_be_visible()

    place = scan(download_poster(page, portal_address), service)
    assert (place.name, place.address) == ("Café Été", "120 Main Street, Ottawa")
    yesterday = service.clock.now.astimezone(JURISDICTIONS["ON"].zone) - timedelta(days=1)
    yesterday = yesterday.replace(hour=9, minute=10, second=0, microsecond=0)
    visit = Visit(place.location_id, int(yesterday.timestamp()))
    press("Send an alert", "link")
    choose_period(page, f"{yesterday:%Y-%m-%d}", "09:00", "10:00")
    page.get_by_label("Isolate and get tested").check()
    press("Continue")
    expect(page.get_by_role("heading", name="Send this alert?")).to_be_visible()
    press("Change")
    expect(page.get_by_label("Isolate and get tested")).to_be_checked()
    press("Continue")
    press("Send the alert")
    expect(page.get_by_text(re.compile("The alert was sent on"))).to_be_visible()

    _check_phone(phone_server(portal_address, service), service, visit, place)
    page.goto("/en/places?q=nowhere")
    expect(page.get_by_text("No place found.")).to_be_visible()
    page.goto("/en/places?q=main")
    press("Café Été", "link")
    expect(page.locator("tbody tr")).to_have_count(1)


def _check_phone(server: Server, service: Service, visit: Visit, place: Place) -> None:
    """Check that a phone with a visit learns of the outbreak, and one that came later does not."""
    now = int(time.time())
    archive = server.outbreaks(now // 86_400, now)
    outbreaks = read_outbreaks(archive, server.settings.public_key)
    (found,) = find_outbreaks([visit], outbreaks)
    assert (found.location_id, found.severity) == (place.location_id, 1)
    assert find_outbreaks([Visit(place.location_id, found.end + 1)], outbreaks) == []
    assert service.rows("SELECT count(*) AS n FROM qr_outbreak_events")[0].n == 1


def test_an_administrators_day(new_portal_page: NewPage, service: Service) -> None:
    nurse = add_account(service, "amara@health.example", name="Amara Osei")
    page = enter(new_portal_page(), service, Role.ADMINISTRATOR, email="priya@health.example")
    _invite_and_withdraw(page)

    # A nurse telephones: her second factor is at home.
    page.get_by_role("link", name="Amara Osei").click()
    page.get_by_role("link", name="Give a code").click()
    page.get_by_role("button", name="Give a code").click()
    code = page.locator(".given-code")
    expect(code).to_be_visible()
    text = "".join((code.text_content() or "").split())
    assert re.fullmatch("[A-Z0-9]{10}", text)
    assert text not in page.url + page.title()
    page.get_by_role("link", name="Done").click()

    # She becomes an administrator, and another person is disabled.
    page.get_by_role("link", name="Change role").click()
    page.get_by_label("Administrator").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Only a superuser can change the account of an administrator.")).to_be_visible()
    add_account(service, "lee@health.example", name="Lee Former")
    page.goto("/fr/people")
    page.get_by_role("link", name="Lee Former").click()
    page.get_by_role("link", name="Désactiver le compte").click()
    page.get_by_role("button", name="Désactiver le compte").click()
    expect(page.locator("dd .tag")).to_have_text("Désactivé")

    # The audit log has all of it, and can be downloaded.
    page.goto("/en/audit")
    expect(page.locator("tbody tr")).to_have_count(6)
    expect(page.locator("tbody tr").first).to_contain_text("Account disabled")
    page.select_option("#action", label="Role or rights changed")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("Role: Staff")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download these entries (CSV)").click()
    assert "change-role" in Path(downloading.value.path()).read_text(encoding="utf-8-sig")
    assert service.rows("SELECT role FROM portal_accounts WHERE id = :id", id=nurse)[0].role == "administrator"
    assert text not in str(service.rows("SELECT target, details FROM portal_audit_entries"))


def _invite_and_withdraw(page: Page) -> None:
    """Send an invitation after a slip, send it again, and withdraw it."""
    page.goto("/en/people")
    page.get_by_role("link", name="Invite a person").click()
    page.get_by_label("Work e-mail address").fill("new.nurse")
    page.get_by_role("button", name="Send invitation").click()
    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_role("link", name="Enter an e-mail address").click()
    expect(page.get_by_label("Work e-mail address")).to_be_focused()
    page.get_by_role("button", name="Français").click()
    expect(page.get_by_label("Adresse de courriel professionnelle")).to_have_value("new.nurse")
    page.get_by_label("Adresse de courriel professionnelle").fill("new.nurse@health.example")
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_text("The invitation was sent.")).to_be_visible()
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("The invitation was sent.")).to_be_visible()
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("The invitation was withdrawn.")).to_be_visible()


def test_an_announcement_is_dismissed_without_scripts(new_portal_page: NewPage, service: Service) -> None:
    page = enter(new_portal_page(java_script_enabled=False), service, Role.STAFF)
    now = service.clock.now
    with service.database.session() as session:
        session.add(
            Announcement(
                level="warning",
                text_en="Closed on Sunday",
                text_fr="Fermé dimanche",
                starts=now - timedelta(hours=1),
                ends=now + timedelta(hours=1),
                created=now,
            )
        )
    page.goto("/en/codes")
    expect(page.get_by_text("Closed on Sunday")).to_be_visible()
    page.get_by_role("button", name="Dismiss").click()
    page.wait_for_url("**/en/codes")
    expect(page.get_by_text("Closed on Sunday")).to_have_count(0)
    page.goto("/fr/")
    expect(page.get_by_text("Fermé dimanche")).to_have_count(0)


@only_in_torture
@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("fr", "dark")])
def test_pages_about_one_person_place_or_alert_meet_wcag_at_every_width(
    new_portal_page: NewPage, service: Service, language: str, scheme: str
) -> None:
    switch_on(service, "ON")
    nurse = add_account(service, "amara@health.example", name="Amara Osei")
    page = enter(new_portal_page(color_scheme=scheme), service, Role.SUPERUSER)
    page.goto(f"/{language}/places/new")
    for name in ("name", "address", "city", "contact_name", "contact_email"):
        page.fill(f"#{name}", "arena@health.example")
    page.check("input[value=sports]")
    page.click("#place-form button.button")
    place = page.url.partition("?")[0]
    found = {place: faults(page)}
    page.goto(f"{place}/alert")
    page.click("#alert-form button.button")
    # The title of a page with errors begins with a word that its heading does not have.
    found["errors"] = [each for each in faults(page) if not each.startswith("the title 'Err")]
    yesterday = service.clock.now - timedelta(days=2)
    choose_period(page, f"{yesterday:%Y-%m-%d}", "09:00", "10:00")
    page.check("input[name=severity][value='2']")
    page.click("#alert-form button.button")
    found["confirm"] = faults(page)
    page.click("button[value=send]")
    found["alert"] = faults(page)
    for path in ("", "/role", "/disable", "/code", "/reset"):
        page.goto(f"/{language}/people/{nurse}{path}")
        found[path] = faults(page)
    page.goto(f"/{language}/people/{nurse}/code")
    page.click("#question-form button")
    found["code"] = faults(page)
    assert {each: faults for each, faults in found.items() if faults} == {}
