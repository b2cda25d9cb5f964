"""Codes for a list that never leaves the browser."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import NewPage
from tests.browser.portal_codes.conftest import claim
from tests.support.service import Service

LINES = 100
PEOPLE = [
    {"specimen": f"S-{number:04d}", "name": f"Zebulon Quartermaine {number}", "phone": f"+1613555{number:04d}"}
    for number in range(1, LINES + 1)
]


def as_csv(people: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, ["specimen", "name", "phone"])
    writer.writeheader()
    writer.writerows(people)
    return text.getvalue()


def sent_by(page: Page) -> list[Request]:
    """Return the list to which all requests of a page are added."""
    requests: list[Request] = []
    page.context.on("request", lambda request: requests.append(request))
    return requests


def everything_of(request: Request) -> str:
    body = request.post_data_buffer or b""
    return request.url + json.dumps(request.headers) + body.decode("utf-8", "replace")


def run_list(page: Page, content: str) -> None:
    page.set_input_files("#file", {"name": "list.csv", "mimeType": "text/csv", "buffer": content.encode()})
    page.select_option("#column", label="specimen")
    page.click("#start")
    expect(page.locator("#status")).to_have_text(re.compile("^(Finished|Stopped)"))


def download(page: Page, button: str) -> str:
    with page.expect_download() as downloading:
        page.click(button)
    return Path(downloading.value.path()).read_text(encoding="utf-8-sig")


def test_a_list_of_a_hundred_lines_stays_in_the_browser(nurse: Page, service: Service, portal_address: str) -> None:
    requests = sent_by(nurse)
    nurse.goto("/en/codes/list")
    run_list(nurse, as_csv(PEOPLE))
    expect(nurse.locator("#status")).to_contain_text(f"Codes issued: {LINES}.")
    results = list(csv.DictReader(io.StringIO(download(nurse, "#download"))))
    assert [row["specimen"] for row in results] == [person["specimen"] for person in PEOPLE]
    assert len({row["Code"] for row in results}) == LINES
    claim(portal_address, results[41]["Code"])
    posted = [request for request in requests if request.method == "POST"]
    assert len(posted) == LINES
    for request in posted:
        assert re.fullmatch(r'\{"line":"[0-9a-f]{64}","again":false\}', request.post_data or "")
    sent = "".join(everything_of(request) for request in requests)
    private = [value for person in PEOPLE for value in person.values()] + ["Zebulon", "613555"]
    assert [value for value in private if value in sent] == []
    # A second run, in the same browser.
    nurse.reload()
    run_list(nurse, as_csv(PEOPLE[:3]))
    expect(nurse.locator("#status")).to_contain_text("Codes issued: 0.")
    expect(nurse.locator("#problems tbody tr")).to_have_count(3)
    expect(nurse.locator("#problems tbody tr").first).to_contain_text("Has a code since")
    (row,) = service.rows("SELECT count(*) AS codes FROM encryption_keys")
    assert row.codes == LINES


def test_the_key_takes_a_list_to_another_browser(nurse: Page, new_portal_page: NewPage) -> None:
    nurse.goto("/en/codes/list")
    run_list(nurse, as_csv(PEOPLE[:2]))
    key = download(nurse, "#save-key")
    other = new_portal_page()
    cookies = nurse.context.cookies()
    other.context.add_cookies(cookies)  # type: ignore[arg-type]
    other.goto("/en/codes/list")
    other.set_input_files("#key-file", {"name": "key.txt", "mimeType": "text/plain", "buffer": b"not a key"})
    expect(other.locator("#key-status")).to_contain_text("The file has no key")
    other.set_input_files("#key-file", {"name": "key.txt", "mimeType": "text/plain", "buffer": key.encode()})
    expect(other.locator("#key-status")).to_contain_text("The key is used")
    run_list(other, as_csv(PEOPLE[:2]))
    expect(other.locator("#status")).to_contain_text("Codes issued: 0.")


def test_replacing_codes_that_stops_keeps_the_codes_of_the_lines_after_it(nurse: Page) -> None:
    nurse.goto("/en/codes/list")
    run_list(nurse, as_csv(PEOPLE[:3]))
    first = list(csv.DictReader(io.StringIO(download(nurse, "#download"))))
    attempts: list[Route] = []

    def lose_the_second(route: Route) -> None:
        attempts.append(route)
        route.abort() if len(attempts) == 2 else route.continue_()

    nurse.route("**/codes/list/issue", lose_the_second)
    nurse.check("#again")
    nurse.click("#start")
    expect(nurse.locator("#status")).to_have_text(re.compile("^Stopped after 2 of 3 lines"))
    second = list(csv.DictReader(io.StringIO(download(nurse, "#download"))))
    assert second[0]["Code"] not in ("", first[0]["Code"])
    assert second[1]["Code"] == "", "whether it was replaced is unknown"
    assert second[2]["Code"] == first[2]["Code"], "it is still valid, and shown nowhere else"


def test_results_are_safe_to_open_in_a_spreadsheet(nurse: Page) -> None:
    people = [
        {"specimen": '=HYPERLINK("http://evil.example")', "name": 'Anna "A", b', "phone": "+16135550123"},
        {"specimen": "@SUM(A1)", "name": "-1", "phone": "\t=1"},
    ]
    nurse.goto("/en/codes/list")
    run_list(nurse, as_csv(people))
    rows = list(csv.reader(io.StringIO(download(nurse, "#download"))))
    assert rows[1][:3] == ['\'=HYPERLINK("http://evil.example")', 'Anna "A", b', "'+16135550123"]
    assert rows[2][:3] == ["'@SUM(A1)", "'-1", "'\t=1"]


def test_problems_are_listed_by_line_and_the_rest_continues(nurse: Page) -> None:
    nurse.goto("/en/codes/list")
    nurse.route("**/codes/list/issue", lambda route: route.abort(), times=1)
    run_list(nurse, as_csv([*PEOPLE[:2], PEOPLE[0]]))
    expect(nurse.locator("#status")).to_contain_text("Stopped after 1 of 3")
    expect(nurse.locator("#problems tbody tr")).to_have_text([re.compile("2\\s*The connection failed")])
    nurse.get_by_role("button", name="Continue").click()
    expect(nurse.locator("#status")).to_contain_text("Codes issued: 2.")
    expect(nurse.locator("#problems tbody tr")).to_have_text([re.compile("4\\s*Same as line 2")])


def test_a_list_stops_at_the_daily_limit(nurse: Page, service: Service) -> None:
    service.execute(
        "INSERT INTO portal_issued_codes (reference, request_id, account_id, jurisdiction, state, created, expires)"
        " SELECT 'R' || n, gen_random_uuid(), (SELECT id FROM portal_accounts), 'ON', 'issued', now(), now()"
        " FROM generate_series(1, 118) AS n"
    )
    nurse.goto("/en/codes/list")
    run_list(nurse, as_csv(PEOPLE[:5]))
    expect(nurse.locator("#status")).to_contain_text("Stopped after 3 of 5 lines. Codes issued: 2.")
    expect(nurse.locator("#problems tbody tr")).to_contain_text(["You have issued as many codes"])


def test_an_ended_session_is_reported_and_the_results_are_kept(nurse: Page, service: Service) -> None:
    nurse.goto("/en/codes/list")
    run_list(nurse, as_csv(PEOPLE[:1]))
    service.execute("DELETE FROM portal_sessions")
    nurse.fill("#pasted", as_csv(PEOPLE[1:2]))
    nurse.click("#start")
    expect(nurse.locator("#problems tbody tr")).to_contain_text(["Your session has ended"])


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b\nc,d\n", [(1, ["a", "b"]), (2, ["c", "d"])]),
        ("a;b\r\nc;d", [(1, ["a", "b"]), (2, ["c", "d"])]),
        ("a\tb\n\n \nc\td\n", [(1, ["a", "b"]), (4, ["c", "d"])]),
        ('"a,""x""\nz",b\nc,d', [(1, ['a,"x"\nz', "b"]), (3, ["c", "d"])]),
        ("\ufeffa,b", [(1, ["a", "b"])]),
        ("", []),
        ('"unfinished', [(1, ["unfinished"])]),
    ],
)
def test_tables_are_read(nurse: Page, text: str, rows: list[tuple[int, list[str]]]) -> None:
    nurse.goto("/en/codes/list")
    read = nurse.evaluate(
        "async (text) => (await import('/static/portal/csv.js')).parseTable(text).map((row) => [row.line, row.cells])",
        text,
    )
    assert [tuple(row) for row in read] == rows
