"""The envelope in a browser: it makes and opens the published vectors, and opens what Node sealed and the reverse."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from clients.secret import vectors
from tests.browser.conftest import SharingSite, opening
from tests.support.sharing_node import in_node

PUBLISHED = json.loads(vectors.FILE_OF_VECTORS.read_text(encoding="utf-8"))
ENVELOPES = PUBLISHED["envelopes"]
SCRIPT = """async ([action, given]) => {
    const it = await import("/static/sharing/envelope.js");
    const hex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
    const toHex = (bytes) => Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");
    const choices = given.salt
        ? { lifetime: given.lifetime, salt: hex(given.salt), nonce: hex(given.nonce) }
        : it.newChoices(given.lifetime);
    const content = { kind: given.kind, name: given.name, data: hex(given.data ?? "") };
    const described = ({ kind, name, data }) => ({ kind, name, data: toHex(data) });
    const url = (text) => btoa(String.fromCharCode(...hex(text)))
        .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    const pair = async (secret, point) => {
        const [x, y] = [point.slice(2, 66), point.slice(66)].map(url);
        const jwk = { kty: "EC", crv: "P-256", x, y, d: url(secret) };
        const publicKey = await crypto.subtle.importKey("jwk", { ...jwk, d: undefined }, it.CURVE, true, []);
        return { privateKey: await crypto.subtle.importKey("jwk", jwk, it.CURVE, false, ["deriveBits"]), publicKey };
    };
    const actions = {
        seal: async () => toHex(await it.seal(content, hex(given.secret), choices, given.passphrase)),
        open: async () => described(await it.open(hex(given.envelope), hex(given.secret), given.passphrase)),
        seal_for: async () => {
            const own = given.sender ? await pair(given.sender, given.sender_public_key) : undefined;
            return toHex(await it.sealFor(content, hex(given.receiver_public_key), choices, own));
        },
        open_answer: async () => {
            const { privateKey } = await pair(given.receiver_private_key, given.receiver_public_key);
            return described(await it.openAnswer(hex(given.envelope), privateKey, hex(given.receiver_public_key)));
        },
        locator: async () => toHex(await it.locator(hex(given.secret))),
        failure: async () => {
            try {
                await it.open(hex(given.envelope), hex(given.secret), given.passphrase);
                return "none";
            } catch (error) {
                return error.constructor.name;
            }
        },
    };
    return actions[action]();
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, sharing_site: SharingSite) -> Iterator[Page]:
    """One page for all tests: they only call functions, which keep nothing."""
    with opening(browser, sharing_site.address) as open_page:
        yield open_page("/share/en")


def in_browser(page: Page, action: str, **given: Any) -> Any:
    """Return the result of an action of the script above; bytes are in hexadecimal."""
    return page.evaluate(SCRIPT, [action, given])


def content_of(published: dict[str, Any]) -> dict[str, Any]:
    return {name: published[name] for name in ("kind", "name", "data")}


@pytest.mark.parametrize("published", ENVELOPES[:3], ids=lambda each: f"{each['protection']} {each['kind']}")
def test_a_browser_makes_and_opens_the_published_envelopes(page: Page, published: dict[str, Any]) -> None:
    given = {"secret": PUBLISHED["secret"], "passphrase": published.get("passphrase", "")}
    fixed = {"salt": vectors.CHOICES.salt.hex(), "nonce": vectors.CHOICES.nonce.hex(), "lifetime": 3600}
    assert in_browser(page, "seal", **content_of(published), **given, **fixed) == published["envelope"]
    assert in_browser(page, "open", envelope=published["envelope"], **given) == content_of(published)


def test_a_browser_makes_and_opens_the_published_answer(page: Page) -> None:
    published = ENVELOPES[3]
    receiver = {name: published[name] for name in ("receiver_private_key", "receiver_public_key")}
    fixed = {"salt": vectors.CHOICES.salt.hex(), "nonce": vectors.CHOICES.nonce.hex(), "lifetime": 3600}
    sender = {"sender": published["sender_private_key"], "sender_public_key": published["envelope"][70:200]}
    assert in_browser(page, "seal_for", **content_of(published), **receiver, **fixed, **sender) == published["envelope"]
    assert in_browser(page, "open_answer", envelope=published["envelope"], **receiver) == content_of(published)


def test_a_browser_derives_the_published_locator(page: Page) -> None:
    assert in_browser(page, "locator", secret=PUBLISHED["secret"]) == PUBLISHED["locator"]


@pytest.mark.parametrize("passphrase", ["", "œuvre"])
def test_node_opens_what_a_browser_sealed_and_the_reverse(page: Page, passphrase: str) -> None:
    file = {"kind": 2, "name": "clé.bin", "data": bytes(range(256)).hex() * 4}
    secret = {"secret": "5e" * 32, "passphrase": passphrase}
    assert in_node("open", envelope=in_browser(page, "seal", **file, **secret, lifetime=300), **secret) == file
    sealed = in_node("seal", **file, **secret, lifetime=300)["envelope"]
    assert in_browser(page, "open", envelope=sealed, **secret) == file


def test_node_opens_an_answer_of_a_browser_and_the_reverse(page: Page) -> None:
    published = ENVELOPES[3]
    receiver = {name: published[name] for name in ("receiver_private_key", "receiver_public_key")}
    text = {"kind": 1, "name": "", "data": "« texte »".encode().hex()}
    sealed = in_browser(page, "seal_for", **text, **receiver, lifetime=300)
    assert in_node("open_answer", envelope=sealed, **receiver) == text
    sealed = in_node("seal_for", **text, **receiver, lifetime=300)["envelope"]
    assert in_browser(page, "open_answer", envelope=sealed, **receiver) == text


@pytest.mark.parametrize("at", [0, 1, 2, 6, 7, 22, 23, 34, 35, 200, 300])
def test_a_browser_notices_flipped_bits(page: Page, at: int) -> None:
    flipped = bytearray.fromhex(ENVELOPES[0]["envelope"])
    flipped[at] ^= 0x01
    given = {"envelope": flipped.hex(), "secret": PUBLISHED["secret"], "passphrase": ""}
    assert in_browser(page, "failure", **given) == "EnvelopeError"
    assert in_browser(page, "failure", **given | {"envelope": flipped[:at].hex()}) == "EnvelopeError"
