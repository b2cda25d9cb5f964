"""Sharing in a real browser: a text, a file, a passphrase, a request, and every way in which a link opens nothing."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
from playwright.sync_api import Page, expect

from clients.secret import envelope, links
from tests.browser.conftest import NewPage, SharingSite
from tests.support.torture import only_in_torture

TEXT = "Le mot de passe est « plaintext-5ecre7 » 🔑"
PASSPHRASE = "phrase-5ecre7 à la crème"
# From opening the page to a copied link. A machine that is busy with other tests is slow, not broken.
MOST_SECONDS = 60


def share(page: Page, text: str = TEXT, passphrase: str = "") -> str:
    """Share a text on the page for it, and return the copied link."""
    page.fill("#text", text)
    page.fill("#passphrase", passphrase)
    page.click("#submit")
    page.click("[data-copy=link]")
    expect(page.locator("#link-status")).to_have_text("Copied")
    return str(page.evaluate("navigator.clipboard.readText()"))


def open_link(page: Page, link: str, passphrase: str = "") -> None:
    """Follow a link, and press the button that opens it."""
    page.goto(link)
    if passphrase:
        page.fill("#passphrase", passphrase)
    page.click("#submit")


def receipt_of(page: Page) -> str:
    """Return the receipt of what a page shared."""
    return page.input_value("#receipt")


def change(site: SharingSite, sql: str, *values: object) -> None:
    """Change what the server stores."""
    connection = psycopg2.connect(site.database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(sql, values)
    connection.close()


def test_a_text_is_shared_and_read_within_seconds(new_sharing_page: NewPage, record_property) -> None:
    started = time.monotonic()
    sender = new_sharing_page("/share/en")
    link = share(sender)
    seconds = time.monotonic() - started
    record_property("seconds to a copied link", round(seconds, 2))
    assert seconds < MOST_SECONDS
    assert "#" not in sender.url

    reader = new_sharing_page()
    open_link(reader, link)
    expect(reader.locator("#secret-text")).to_have_text(TEXT)
    assert reader.url.endswith("/share/open/en")
    reader.click("[data-copy=secret-text]")
    expect(reader.locator("#secret-text-status")).to_have_text("Copied")
    assert reader.evaluate("navigator.clipboard.readText()") == TEXT

    other = new_sharing_page()
    open_link(other, link)
    expect(other.get_by_role("heading", name="There is nothing to open")).to_be_focused()


def test_opening_the_address_reads_nothing(new_sharing_page: NewPage) -> None:
    link = share(new_sharing_page("/share/en"))
    for _ in range(3):
        new_sharing_page().goto(link)  # as scanners and previews of links do
    reader = new_sharing_page()
    open_link(reader, link)
    expect(reader.locator("#secret-text")).to_have_text(TEXT)


def test_a_file_keeps_its_name_and_content(new_sharing_page: NewPage, tmp_path: Path) -> None:
    content, name = bytes(range(256)) * 3900, "clé de l’été.bin"
    (tmp_path / name).write_bytes(content)
    sender = new_sharing_page("/share/en")
    sender.check("#kind-file")
    sender.set_input_files("#file", tmp_path / name)
    sender.click("#submit")
    expect(sender.locator("#link")).not_to_have_value("")

    reader = new_sharing_page()
    open_link(reader, sender.input_value("#link"))
    expect(reader.locator("#file-name")).to_have_text(name)
    with reader.expect_download() as saving:
        reader.click("#save")
    assert saving.value.suggested_filename == name
    assert Path(saving.value.path()).read_bytes() == content


def test_an_empty_file_is_refused(new_sharing_page: NewPage, tmp_path: Path) -> None:
    (tmp_path / "empty.key").touch()
    sender = new_sharing_page("/share/en")
    sender.check("#kind-file")
    sender.set_input_files("#file", tmp_path / "empty.key")
    sender.click("#submit")
    expect(sender.locator("#file-error")).to_have_text("Choose a file that is not empty")


def test_a_wrong_passphrase_loses_nothing(new_sharing_page: NewPage) -> None:
    link = share(new_sharing_page("/share/en"), passphrase=PASSPHRASE)
    reader = new_sharing_page()
    open_link(reader, link, "wrong")
    expect(reader.locator("#error-summary")).to_contain_text("The passphrase is wrong")
    expect(reader.locator("#kept")).to_contain_text("Nothing is lost")
    expect(reader.locator("#passphrase")).to_have_attribute("aria-invalid", "true")
    # Decomposed, as some keyboards produce it.
    reader.fill("#passphrase", PASSPHRASE.replace("à", "a\u0300"))
    reader.click("#submit")
    expect(reader.locator("#secret-text")).to_have_text(TEXT)


def test_a_sender_withdraws_a_secret(new_sharing_page: NewPage) -> None:
    sender = new_sharing_page("/share/fr")
    sender.fill("#text", TEXT)
    sender.click("#submit")
    expect(sender.locator("#receipt")).not_to_have_value("")
    link = sender.input_value("#link")
    receipt = new_sharing_page()
    receipt.goto(receipt_of(sender))
    expect(receipt.locator("#outcome")).to_have_text("Not read yet")
    receipt.click("#ask")
    receipt.click("#keep")
    receipt.click("#ask")
    receipt.click("#withdraw")
    expect(receipt.locator("#outcome")).to_have_text("Withdrawn")
    reader = new_sharing_page()
    open_link(reader, link)
    expect(reader.get_by_role("heading", name="There is nothing to open")).to_be_focused()


def test_a_truncated_link_asks_nothing_of_the_server(new_sharing_page: NewPage) -> None:
    link = share(new_sharing_page("/share/en"))
    reader, sent = new_sharing_page(), []
    reader.on("request", lambda request: sent.append(request.method))
    for cut in (1, 10, 44, 46):
        reader.goto("about:blank")  # from another address than that of the next link, so that the page is loaded
        reader.goto(link[:-cut])
        expect(reader.get_by_role("heading", name="The link is incomplete")).to_be_focused()
        reader.goto(link)  # in the same tab, so only what follows # changes
        expect(reader.locator("#submit")).to_be_visible()
    assert "POST" not in sent
    reader.click("#submit")
    expect(reader.locator("#secret-text")).to_have_text(TEXT)


def test_another_key_opens_and_deletes_nothing(new_sharing_page: NewPage) -> None:
    link = share(new_sharing_page("/share/en"))
    reader = new_sharing_page()
    open_link(reader, link[:-2] + ("AA" if link[-2:] != "AA" else "BB"))
    expect(reader.get_by_role("heading", name="There is nothing to open")).to_be_focused()
    open_link(reader, link)
    expect(reader.locator("#secret-text")).to_have_text(TEXT)


@only_in_torture
def test_flipped_bits_are_noticed(new_sharing_page: NewPage, sharing_site: SharingSite) -> None:
    sender, reader = new_sharing_page(), new_sharing_page()
    for at in (1, 4, 8, 24, 36, -1):
        sender.goto("/share/en")
        link = share(sender)
        stored = envelope.digest(envelope.locator(links.parse_secret(link).secret))
        offset = f"{at}" if at >= 0 else f"octet_length(envelope) + {at}"
        flipped = f"set_byte(envelope, {offset}, get_byte(envelope, {offset}) # 3)"
        change(sharing_site, f"UPDATE shared_secrets SET envelope = {flipped} WHERE digest = %s", stored)  # noqa: S608
        reader.goto("about:blank")
        open_link(reader, link)
        expect(reader.get_by_role("heading", name="The secret cannot be opened")).to_be_focused()


def test_an_expired_secret_has_the_page_of_every_end(new_sharing_page: NewPage, sharing_site: SharingSite) -> None:
    link = share(new_sharing_page("/share/en"))
    stored = envelope.digest(envelope.locator(links.parse_secret(link).secret))
    past = datetime.now(UTC) - timedelta(seconds=1)
    change(sharing_site, "UPDATE shared_secrets SET expires = %s WHERE digest = %s", past, stored)
    reader = new_sharing_page()
    open_link(reader, link)
    expect(reader.get_by_role("heading", name="There is nothing to open")).to_be_focused()
    expect(reader.locator("main")).to_contain_text("read before, has expired, was withdrawn, or never existed")


def test_the_language_changes_without_losing_the_link(new_sharing_page: NewPage) -> None:
    link = share(new_sharing_page("/share/en"))
    reader = new_sharing_page()
    reader.goto(link)
    reader.click(".site-header__language")
    expect(reader.locator("h1")).to_have_text("Ouvrir un secret")
    assert "#" not in reader.evaluate("location.href")
    reader.click("#submit")
    expect(reader.locator("#secret-text")).to_have_text(TEXT)


def test_the_qr_code_shows_the_link(new_sharing_page: NewPage) -> None:
    sender = new_sharing_page("/share/en")
    share(sender)
    sender.click(".qr summary")
    expect(sender.locator(".qr svg path")).to_have_count(1)
    sender.wait_for_load_state("networkidle")


def test_a_secret_is_shared_and_read_with_the_keyboard_alone(new_sharing_page: NewPage) -> None:
    sender = new_sharing_page("/share/en")
    sender.keyboard.press("Tab")
    sender.keyboard.press("Enter")  # past the navigation
    for _ in range(2):  # the kind, and the text
        sender.keyboard.press("Tab")
    sender.keyboard.type("typed")
    for _ in range(3):  # the lifetime, the passphrase, the button
        sender.keyboard.press("Tab")
    sender.keyboard.press("Enter")
    expect(sender.get_by_role("heading", name="Your link is ready")).to_be_focused()
    for _ in range(2):
        sender.keyboard.press("Tab")
    sender.keyboard.press("Enter")
    expect(sender.locator("#link-status")).to_have_text("Copied")
    reader = new_sharing_page()
    reader.goto(str(sender.evaluate("navigator.clipboard.readText()")))
    expect(reader.locator("#submit")).to_be_enabled()
    reader.keyboard.press("Tab")
    reader.keyboard.press("Enter")
    while reader.evaluate("document.activeElement.id") != "submit":
        reader.keyboard.press("Tab")
    reader.keyboard.press("Enter")
    expect(reader.locator("#secret-text")).to_have_text("typed")
    expect(reader.get_by_role("heading", name="The secret", exact=True)).to_be_focused()


def test_errors_lead_to_their_fields(new_sharing_page: NewPage) -> None:
    page = new_sharing_page("/share/en")
    page.click("#submit")
    expect(page.locator("#error-summary")).to_be_focused()
    page.click("#error-list a")
    expect(page.locator("#text")).to_be_focused()
    page.fill("#text", "é" * 32_001)
    page.click("#submit")
    expect(page.locator("#text-error")).to_contain_text("more than 64,000 bytes")
    page.fill("#text", "é" * 32_000)
    page.click("#submit")
    expect(page.locator("#link")).not_to_have_value("")


def test_modules_that_were_altered_do_not_run(new_sharing_page: NewPage) -> None:
    page = new_sharing_page(complaint="integrity")
    page.route(
        "**/sharing/envelope.js",
        lambda route: route.fulfill(body="export const x = 1;", content_type="text/javascript"),
    )
    page.goto("/share/en")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#submit")).to_be_disabled()
    expect(page.locator(".not-started")).to_be_visible()
