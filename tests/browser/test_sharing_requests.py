"""Requests for a secret in a real browser, which keeps the key that opens the answer."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage

TEXT = "Le mot de passe est « plaintext-5ecre7 » 🔑"
# Lets a kept request have expired so many milliseconds ago.
AGE = """async (age) => {
    const settled = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const database = await settled(indexedDB.open("exposure-alert-sharing", 1));
    const store = database.transaction("requests", "readwrite").objectStore("requests");
    for (const kept of await settled(store.getAll())) {
        await settled(store.put({ ...kept, expires: new Date(Date.now() - age).toISOString() }));
    }
    database.close();
}"""
DAY = 86_400_000


def ask(page: Page) -> str:
    """Make a request, and return its link."""
    page.click("#submit")
    expect(page.locator("#link")).not_to_have_value("")
    return page.input_value("#link")


def test_a_request_is_answered_for_the_browser_that_made_it(new_sharing_page: NewPage) -> None:
    receiver = new_sharing_page("/share/request/en")
    receiver.click("#submit")
    expect(receiver.locator("#link")).not_to_have_value("")
    link = receiver.input_value("#link")
    receiver.goto("/share/request/en")
    receiver.click("#request-list button")
    expect(receiver.locator("#request-list [role=status]")).to_have_text("No answer yet")

    sender = new_sharing_page()
    sender.goto(link)
    sender.fill("#text", TEXT)
    sender.click("#submit")
    expect(sender.get_by_role("heading", name="Your secret was sent")).to_be_focused()
    late = new_sharing_page()
    late.goto(link)
    late.fill("#text", "too late")
    late.click("#submit")
    expect(late.locator("#error-list")).to_contain_text("answered before")

    receiver.click("#request-list button")
    expect(receiver.locator("#secret-text")).to_have_text(TEXT)
    expect(receiver.locator("#request-list li")).to_have_count(0)
    receipt = new_sharing_page()
    receipt.goto(sender.input_value("#receipt"))
    expect(receipt.locator("#outcome")).to_have_text("Read")


def test_the_private_key_cannot_be_exported(new_sharing_page: NewPage) -> None:
    page = new_sharing_page("/share/request/en")
    ask(page)
    kept = page.evaluate("""async () => {
        const keys = await import("/static/sharing/keys.js");
        const [{ privateKey }] = await keys.all();
        return [privateKey.extractable, privateKey.usages];
    }""")
    assert kept == [False, ["deriveBits"]]


def test_requests_are_forgotten_a_week_after_they_expired(new_sharing_page: NewPage) -> None:
    page = new_sharing_page("/share/request/en")
    ask(page)
    page.evaluate(AGE, 6 * DAY)
    page.goto("/share/request/en")
    expect(page.locator("#request-list li")).to_have_count(1)
    page.evaluate(AGE, 8 * DAY)
    page.goto("/share/request/en")
    expect(page.locator("#submit")).to_be_enabled()
    expect(page.locator("#request-list li")).to_have_count(0)
    assert page.evaluate("import('/static/sharing/keys.js').then((keys) => keys.all())") == []


def test_a_browser_that_keeps_nothing_requests_nothing(new_sharing_page: NewPage) -> None:
    page, sent = new_sharing_page(), []
    page.on("request", lambda request: sent.append(request.method))
    page.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('off', 'SecurityError'); };")
    page.goto("/share/request/en")
    page.click("#submit")
    expect(page.locator("#error-list")).to_contain_text("keeps no data of this page")
    assert "POST" not in sent
