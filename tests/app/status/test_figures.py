"""The public figures: pages in both languages and a CSV file, without small counts."""

import csv
import io
import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from app.domain.figures import ALL, OTHERS, PLACES, Figure
from app.domain.portal.suppression import THRESHOLD
from app.figures.presentation import distribution
from app.figures.series import FiguresOfDay
from tests.support.breakage import without_table
from tests.support.figures import compute, count_claims, count_events, count_uploads, fill_ledgers
from tests.support.service import Service

PAGE = "/status/en/figures"
YESTERDAY = date(2026, 3, 17)


@pytest.fixture
def status(make_service: Callable[..., Service]) -> Service:
    """The application with the status page."""
    return make_service(SURFACES="submission,status")


def table(page: TestResponse, figure: str) -> list[list[str]]:
    """Return the cells of a figure's table."""
    section = page.text.partition(f'aria-labelledby="{figure}"')[2].partition("</section>")[0]
    body = section.partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        [re.sub(r"<[^>]*>", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    ]


def file(status: Service, language: str = "en") -> list[dict[str, str]]:
    """Return the rows of the file."""
    response = status.client.get(f"/status/{language}/figures.csv")
    assert response.content_type == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig"))))


def test_figures_are_shown_by_day(status: Service) -> None:
    for place in PLACES:
        count_events(status, YESTERDAY, "OTKGenerated", 1000, place)
        count_claims(status, YESTERDAY, 1, 60, place)
        count_claims(status, YESTERDAY, 20, 40, place)
        count_uploads(status, YESTERDAY, 14, 30, place)
        count_uploads(status, YESTERDAY, 1, 30, place)
    compute(status)
    page = status.client.get(PAGE)
    assert table(page, "issued") == [["Mar 17, 2026", "17,000"]]
    assert table(page, "claimed") == [["Mar 17, 2026", "1,700"]]
    assert table(page, "keys") == [["Mar 17, 2026", "7,650", "7.5"]]
    # The hours without claims are hidden, and the only ones that could protect them.
    assert [row[1] for row in table(page, "delays")] == ["1,020", "hidden", "hidden", "hidden", "hidden"]
    french = status.client.get("/status/fr/figures/QC")
    assert table(french, "issued") == [["17 mars 2026", "1\N{NO-BREAK SPACE}000"]]
    assert table(french, "keys") == [["17 mars 2026", "450", "7,5"]]
    assert table(french, "delays") == []
    places = re.findall(r'"/status/fr/figures/(\w+)"', french.text)
    assert (places[0], places[places.index("PE") + 1], places[-1]) == ("AB", "MB", OTHERS)


def test_a_sum_of_days_is_hidden_if_a_count_of_one_is() -> None:
    figures, before = (Figure.CLAIMED_LATER, Figure.CLAIMED_IN_1_HOUR), YESTERDAY - timedelta(days=1)
    days = [FiguresOfDay(before, dict(zip(figures, (None, 40), strict=True)))]
    days.append(FiguresOfDay(YESTERDAY, dict(zip(figures, (30, 50), strict=True))))
    found = distribution("delays", figures, days, hides=True)
    assert found
    assert (found.first, found.last, [row.count for row in found.plot.rows]) == (before, YESTERDAY, [None, 90])


def test_small_counts_and_what_would_reveal_them_are_hidden(status: Service) -> None:
    for place in PLACES:
        count_events(status, YESTERDAY, "OTKGenerated", {"NU": 3, "YT": 60}.get(place, 100), place)
    compute(status)
    shown = {place: table(status.client.get(f"{PAGE}/{place}"), "issued")[0][1] for place in PLACES}
    assert {place for place, text in shown.items() if text == "hidden"} == {"NU", "YT"}
    assert table(status.client.get(PAGE), "issued")[0][1] == "1,563"
    rows = {row["place"]: row["issued"] for row in file(status)}
    assert (rows["NU"], rows["YT"], rows["ON"], rows["all"]) == ("x", "x", "100", "1563")


def test_the_file_has_no_small_count_and_adds_up(status: Service) -> None:
    fill_ledgers(status, 9)
    compute(status)
    rows = file(status)
    assert rows == file(status, "fr")
    assert len(rows) == 9 * (len(PLACES) + 1)
    figures = ("issued", "claimed", "expired", "unused", "uploads")
    for day in {row["date"] for row in rows}:
        own = {row["place"]: row for row in rows if row["date"] == day}
        for figure in figures:
            parts = [own[place][figure] for place in PLACES]
            shown, hidden = [int(part) for part in parts if part != "x"], parts.count("x")
            assert min(shown, default=THRESHOLD) >= THRESHOLD
            if own[ALL][figure] == "x":
                assert hidden == len(parts)
            else:
                rest = int(own[ALL][figure]) - sum(shown)
                assert (hidden, rest) == (0, 0) or (hidden >= 2 and rest >= 2 * THRESHOLD - 1)
        assert {own[place]["claimed_in_1_hour"] for place in PLACES} == {""}


def test_a_day_that_has_not_ended_is_not_published(status: Service) -> None:
    count_events(status, YESTERDAY + timedelta(days=1), "OTKGenerated", 500)
    compute(status)
    assert "There are no figures for these days." in status.client.get(PAGE).text
    assert file(status) == []


def test_a_second_publication_of_a_day_is_the_same(status: Service) -> None:
    fill_ledgers(status, 3)
    compute(status)
    before = file(status)
    count_events(status, YESTERDAY, "OTKGenerated", 7)
    status.clock.advance(minutes=10)
    compute(status)
    assert file(status) == before


def test_pages_have_a_strict_policy_and_no_script_and_caches_may_keep_them(status: Service) -> None:
    fill_ledgers(status, 3)
    compute(status)
    for path in (PAGE, f"{PAGE}/ON", f"{PAGE}.csv"):
        response = status.client.get(path)
        assert "script" not in response.headers["Content-Security-Policy"]
        assert response.headers["Cache-Control"].startswith("public, max-age=15")
        assert "<script" not in response.text
        assert "style=" not in response.text
        assert status.client.get(path, headers={"If-None-Match": response.headers["ETag"]}).status_code == 304


def test_every_plot_has_a_title_and_a_description(status: Service) -> None:
    fill_ledgers(status, 3)
    compute(status)
    page = status.client.get(PAGE).text
    assert page.count('role="img"') == page.count("<title id=") == page.count("<desc id=") == 7


@pytest.mark.parametrize("path", ["/XX", "/all", "/on", "/ON/x"])
def test_other_places_do_not_exist(status: Service, path: str) -> None:
    assert status.client.get(f"{PAGE}{path}").status_code == 404


@pytest.mark.parametrize("path", ["", "/ON", ".csv"])
def test_only_reading_is_accepted(status: Service, path: str) -> None:
    response = status.client.post(f"{PAGE}{path}")
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")


def test_every_place_has_a_page_that_the_navigation_names(status: Service) -> None:
    fill_ledgers(status, 1)
    compute(status)
    links = re.findall(r'href="(/status/en/figures/[^"]*)"', status.client.get(PAGE).text)
    assert {link.rpartition("/")[2] for link in links} == {*PLACES, OTHERS}
    assert {status.client.get(link).status_code for link in links} == {200}


def test_figures_are_kept_while_they_cannot_be_read(status: Service) -> None:
    fill_ledgers(status, 2)
    compute(status)
    shown = table(status.client.get(PAGE), "issued")
    with without_table(status, "daily_figures"):
        for minutes in (4, 2, 20):
            status.clock.advance(minutes=minutes)
            assert table(status.client.get(PAGE), "issued") == shown


def test_after_the_clock_was_set_back_figures_are_read_again(status: Service) -> None:
    count_events(status, YESTERDAY, "OTKGenerated", 1000)
    status.clock.advance(hours=6)
    assert table(status.client.get(PAGE), "issued") == []
    status.clock.advance(hours=-6)
    compute(status)
    assert table(status.client.get(PAGE), "issued") == [["Mar 17, 2026", "1,000"]]


def test_figures_that_were_never_read_are_unavailable(make_service: Callable[..., Service]) -> None:
    status = make_service(SURFACES="submission,status")
    with without_table(status, "daily_figures"):
        response = status.client.get(PAGE)
        assert (response.status_code, response.headers["Cache-Control"]) == (503, "no-store")
        assert status.client.get(f"{PAGE}.csv").status_code == 503
    status.clock.advance(seconds=15)
    assert status.client.get(PAGE).status_code == 200


def test_requests_do_not_wait_in_turn_for_a_database_that_does_not_respond(
    make_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    status = make_service(SURFACES="status")
    attempts = []

    def hang(*_: object) -> None:
        attempts.append(status.clock.now)  # it took as long as a statement may
        raise OperationalError("", {}, Exception())

    monkeypatch.setattr("app.store.daily_figures.published_between", hang)
    assert [status.client.get(PAGE).status_code for _ in range(5)] == [503] * 5
    status.clock.advance(seconds=15)
    assert status.client.get(PAGE).status_code == 503
    assert len(attempts) == 2
