"""Sharing over a slow connection: a file takes minutes, and is not given up."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.support.torture import only_in_torture

pytestmark = only_in_torture

MINUTE_MILLISECONDS = 60_000
# What the pages' clock does not drive otherwise.
DRIVE_ABORTS = """AbortSignal.timeout = (milliseconds) => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), milliseconds);
  return controller.signal;
};"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The longest file."""
    path = tmp_path / "file.bin"
    path.write_bytes(bytes(1_000_000))
    return path


def slow_down(page: Page) -> None:
    """Let the file take some seconds, in which the test lets a minute pass."""
    speeds = {"latency": 0, "downloadThroughput": 300_000, "uploadThroughput": 600_000}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", {"offline": False, **speeds})


def with_clock(page: Page, path: str) -> Page:
    """Open a page whose clock the test moves."""
    page.clock.install()
    page.add_init_script(DRIVE_ABORTS)
    page.goto(path)
    return page


def share(page: Page, file: Path) -> None:
    """Fill in the form with a file, and send it."""
    page.check("#kind-file")
    page.set_input_files("#file", file)
    page.click("#submit")


def test_a_file_is_read_over_a_slow_connection(new_sharing_page: NewPage, file: Path) -> None:
    sender = new_sharing_page("/share/en")
    share(sender, file)
    expect(sender.locator("#link")).not_to_have_value("")
    reader = with_clock(new_sharing_page(), sender.input_value("#link"))
    slow_down(reader)
    with reader.expect_response("**/share/read"):
        reader.click("#submit")
    reader.clock.fast_forward(MINUTE_MILLISECONDS)
    expect(reader.locator("#file-name")).to_have_text("file.bin")


def test_a_file_is_sent_over_a_slow_connection(new_sharing_page: NewPage, file: Path) -> None:
    sender = with_clock(new_sharing_page(), "/share/en")
    slow_down(sender)
    with sender.expect_request("**/share/secrets"):
        share(sender, file)
    sender.clock.fast_forward(MINUTE_MILLISECONDS)
    expect(sender.locator("#link")).not_to_have_value("")


def test_a_server_that_does_not_respond_is_given_up(new_sharing_page: NewPage) -> None:
    sender = with_clock(new_sharing_page(), "/share/en")
    sender.route("**/share/secrets", lambda _: None)
    with sender.expect_request("**/share/secrets"):
        sender.fill("#text", "text")
        sender.click("#submit")
    sender.clock.fast_forward(MINUTE_MILLISECONDS)
    expect(sender.locator("#error-summary")).to_contain_text("The server did not respond")
    expect(sender.locator("#text")).to_have_value("text")
