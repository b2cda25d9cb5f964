"""What was shared, and what opens it, is only in browsers: not in the database, Redis, logs, requests or responses."""

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, Response, expect
from redis import Redis

from clients.secret import envelope, links
from tests.browser.conftest import SharingSite, opening
from tests.guards.source import ROOT

TEXT = "plaintext-5ecre7-of-the-text"
FILE_NAME = "plaintext-5ecre7-of-the-name.bin"
FILE = b"plaintext-5ecre7-of-the-file" * 10
PASSPHRASE = "passphrase-5ecre7"
ANSWER = "plaintext-5ecre7-of-the-answer"


def forms_of(secret: bytes) -> list[bytes]:
    """Return how bytes could be written: as they are, in hexadecimal, and in each alignment of base64."""
    forms = [secret, secret.hex().encode()]
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            encoded = encode(bytes(shift) + secret).rstrip(b"=")
            forms.append(encoded[4 if shift else 0 : -4])
    return forms


@dataclass
class Traffic:
    """Everything that a server keeps and exchanges, at several moments, and what must not be in it."""

    site: SharingSite
    kept: dict[str, bytes] = field(default_factory=dict)
    exchanged: list[bytes] = field(default_factory=list)
    secrets: dict[str, bytes] = field(default_factory=dict)

    def watch(self, page: Page) -> None:
        """Remember all requests and responses of a page."""
        page.on("request", self._request)
        page.on("requestfinished", lambda request: self._response(request.response()))

    def _request(self, request: Request) -> None:
        self.exchanged += [request.url.encode(), str(request.headers).encode(), request.post_data_buffer or b""]

    def _response(self, response: Response | None) -> None:
        if response is not None and not response.url.endswith((".css", ".js", ".mjs", ".svg")):
            self.exchanged += [str(response.headers).encode(), response.body() if response.ok else b""]

    def look(self, moment: str) -> None:
        """Remember what the server keeps at this moment."""
        url = self.site.database_url
        script = '. bin/postgres-environment && pg_dump "$PGDATABASE"'
        environment = {"DATABASE_URL": url, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath])}
        dump = subprocess.run(
            ["bash", "-c", script], cwd=ROOT, env=environment, capture_output=True, check=True, timeout=60
        )
        redis = Redis.from_url(self.site.redis_url)
        keys = b"\n".join(key + b"=" + (redis.dump(key) or b"") for key in redis.scan_iter())
        redis.close()
        self.kept |= {
            f"database {moment}": dump.stdout,
            f"Redis {moment}": keys,
            f"log {moment}": self.site.log.read_bytes(),
        }


@pytest.fixture(scope="module")
def traffic(browser: Browser, sharing_site: SharingSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traffic]:
    """A text, a file with a passphrase and an answer, shared and read."""
    traffic = Traffic(sharing_site)
    path = tmp_path_factory.mktemp("file") / FILE_NAME
    path.write_bytes(FILE)
    with opening(browser, sharing_site.address) as open_page:

        def page(path: str = "") -> Page:
            opened = open_page()
            traffic.watch(opened)
            if path:
                opened.goto(path)
            return opened

        text_link, text_receipt = share_text(page("/share/en"))
        file_link = share_file(page("/share/fr"), path)
        receiver, request_link = ask(page("/share/request/en"))
        answer(page(), request_link)
        traffic.look("while they are stored")
        for link, passphrase in ((text_link, ""), (file_link, PASSPHRASE), (text_link, "")):
            read(page(), link, passphrase)
        receiver.click("#request-list button")
        expect(receiver.locator("#secret-text")).to_have_text(ANSWER)
        page().goto(text_receipt)
        traffic.look("after they were read")
        traffic.secrets = {
            "text": TEXT.encode(),
            "file": FILE[:28],
            "name": FILE_NAME.encode(),
            "passphrase": PASSPHRASE.encode(),
            "answer": ANSWER.encode(),
            "secret of the text's link": links.parse_secret(text_link).secret,
            "secret of the file's link": links.parse_secret(file_link).secret,
        }
        yield traffic


def share_text(page: Page) -> tuple[str, str]:
    page.fill("#text", TEXT)
    page.click("#submit")
    expect(page.locator("#link")).not_to_have_value("")
    return page.input_value("#link"), page.input_value("#receipt")


def share_file(page: Page, path: Path) -> str:
    page.check("#kind-file")
    page.set_input_files("#file", path)
    page.fill("#passphrase", PASSPHRASE)
    page.click("#submit")
    expect(page.locator("#link")).not_to_have_value("")
    return page.input_value("#link")


def ask(page: Page) -> tuple[Page, str]:
    page.click("#submit")
    expect(page.locator("#link")).not_to_have_value("")
    return page, page.input_value("#link")


def answer(page: Page, link: str) -> None:
    page.goto(link)
    page.fill("#text", ANSWER)
    page.click("#submit")
    expect(page.locator("[data-state=done]")).to_be_visible()


def read(page: Page, link: str, passphrase: str) -> None:
    page.goto(link)
    if passphrase:
        page.fill("#passphrase", passphrase)
    page.click("#submit")
    expect(page.locator("[data-state=opened], [data-state=nothing]").filter(visible=True)).to_have_count(1)


def test_nothing_that_was_shared_is_kept_or_exchanged(traffic: Traffic) -> None:
    places = traffic.kept | {"exchanged": b"\n".join(traffic.exchanged)}
    found = [
        (name, place)
        for name, secret in traffic.secrets.items()
        for place, content in places.items()
        if any(form in content for form in forms_of(secret))
    ]
    assert found == []


def test_no_log_and_no_address_identifies_a_secret(traffic: Traffic) -> None:
    secret = traffic.secrets["secret of the text's link"]
    for token in (envelope.locator(secret), envelope.digest(envelope.locator(secret))):
        logs = b"".join(content for place, content in traffic.kept.items() if not place.startswith("database"))
        assert not any(form in logs for form in forms_of(token))
        addresses = [each for each in traffic.exchanged if each.startswith(b"http")]
        assert not any(form in address for form in forms_of(token) for address in addresses)


def test_the_search_would_find_something(traffic: Traffic) -> None:
    digest = envelope.digest(envelope.locator(traffic.secrets["secret of the text's link"]))
    assert digest.hex().encode() in traffic.kept["database while they are stored"]
    assert digest.hex().encode() not in traffic.kept["database after they were read"]
    assert links.encode(digest).encode() in b"\n".join(traffic.exchanged)
    assert b"share" in traffic.kept["Redis after they were read"] or traffic.kept["Redis after they were read"] == b""
    assert b"/share/read" in traffic.kept["log after they were read"]
