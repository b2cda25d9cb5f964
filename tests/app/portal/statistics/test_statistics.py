"""Statistics of codes by day and jurisdiction, without small counts."""

import csv
import io
import re
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from app.domain.portal.jurisdictions import JURISDICTIONS
from app.domain.portal.rights import Role
from app.portal.statistics import DAYS
from tests.support.portal import person
from tests.support.service import Service


def count(service: Service, source: str, number: int, identifier: str = "OTKGenerated", days_ago: int = 1) -> None:
    service.execute(
        "INSERT INTO events (source, identifier, device_type, date, count)"
        " VALUES (:source, :identifier, 'Server', :day, :number)",
        source=source,
        identifier=identifier,
        day=service.clock.now.date() - timedelta(days=days_ago),
        number=number,
    )


def rows(page: TestResponse) -> list[list[str]]:
    """Return the cells of the table, the newest day first."""
    body = page.text.partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        [re.sub(r"<[^>]*>", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    ]


def fill(service: Service) -> None:
    """Count enough for everyone, so that nothing is hidden on the last whole day."""
    for code in (*JURISDICTIONS, "a laboratory"):
        count(service, code, 100)


def test_codes_are_shown_by_day(portal: Service) -> None:
    for identifier, number in (("OTKGenerated", 1200), ("OTKRegenerated", 34), ("OTKClaimed", 900)):
        for code in (*JURISDICTIONS, "a laboratory"):
            count(portal, code, number, identifier)
    count(portal, "QC", 1000)
    page = person(portal, Role.ADMINISTRATOR, "ON").get("/en/statistics")
    assert rows(page)[0] == ["Mar 17, 2026", "1,234", "900", "hidden"]
    assert len(rows(page)) == DAYS
    assert rows(page)[-1][0] == "Feb 16, 2026"
    french = person(portal, Role.ADMINISTRATOR, "QC").get("/fr/statistics")
    assert rows(french)[0] == ["17 mars 2026", "2\N{NO-BREAK SPACE}234", "900", "masqué"]


def test_the_day_that_has_not_ended_is_not_shown(portal: Service) -> None:
    fill(portal)
    count(portal, "ON", 500, days_ago=0)
    assert "500" not in person(portal, Role.ADMINISTRATOR).get("/en/statistics").text.partition("<tbody>")[2]


def test_small_counts_are_hidden(portal: Service) -> None:
    fill(portal)
    count(portal, "ON", 19, days_ago=2)
    assert rows(person(portal, Role.ADMINISTRATOR).get("/en/statistics"))[1][1] == "hidden"


def test_a_count_that_would_reveal_a_small_one_is_hidden_from_everyone(portal: Service) -> None:
    for code in (*JURISDICTIONS, "a laboratory"):
        count(portal, code, {"NU": 3, "YT": 40}.get(code, 100))
    superuser = person(portal, Role.SUPERUSER, "CDS")
    shown = {code: rows(superuser.get(f"/en/statistics?jurisdiction={code}"))[0][1] for code in (*JURISDICTIONS, "all")}
    assert {code for code, text in shown.items() if text == "hidden"} == {"NU", "YT"}
    assert shown["all"] == "1,543"
    assert rows(person(portal, Role.ADMINISTRATOR, "YT").get("/en/statistics"))[0][1] == "hidden"


def test_the_file_has_the_same_figures(portal: Service) -> None:
    for code in (*JURISDICTIONS, "a laboratory"):
        count(portal, code, {"NU": 3, "YT": 40}.get(code, 100))
    response = person(portal, Role.SUPERUSER, "CDS").get("/en/statistics/codes.csv")
    assert response.headers["Content-Disposition"] == 'attachment; filename="codes.csv"'
    written = list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig"))))
    assert len(written) == (len(JURISDICTIONS) + 1) * DAYS
    last = {row["jurisdiction"]: row["issued"] for row in written if row["date"] == "2026-03-17"}
    assert (last["NU"], last["YT"], last["ON"], last["all"]) == ("<20", "<20", "100", "1543")


def test_the_file_has_only_the_persons_jurisdiction(portal: Service) -> None:
    fill(portal)
    response = person(portal, Role.ADMINISTRATOR, "QC").get("/fr/statistics/codes.csv")
    assert {row["jurisdiction"] for row in csv.DictReader(io.StringIO(response.data.decode("utf-8-sig")))} == {"QC"}


@pytest.mark.parametrize("jurisdiction", ["ON", "all", "XX", "others"])
def test_other_jurisdictions_do_not_exist_for_an_administrator(portal: Service, jurisdiction: str) -> None:
    visitor = person(portal, Role.ADMINISTRATOR, "QC")
    assert visitor.get(f"/en/statistics?jurisdiction={jurisdiction}").status_code == 404
    assert "<select" not in visitor.get("/en/statistics").text


def test_a_superuser_chooses(portal: Service) -> None:
    visitor = person(portal, Role.SUPERUSER, "CDS")
    assert visitor.get("/en/statistics?jurisdiction=all").status_code == 200
    assert visitor.get("/en/statistics?jurisdiction=others").status_code == 404
    assert '<option value="NU" selected>Nunavut</option>' in visitor.get("/en/statistics?jurisdiction=NU").text


def test_the_plots_have_a_text_and_no_inline_style(portal: Service) -> None:
    fill(portal)
    page = person(portal, Role.ADMINISTRATOR).get("/en/statistics")
    assert page.text.count("<title id=") == 3
    assert page.text.count("<desc id=") == 3
    assert len(re.findall('<rect class="plot__bar"', page.text)) == 1
    assert len(re.findall('<rect class="plot__bar plot__bar--hidden"', page.text)) == 3 * DAYS - 1
    assert "style=" not in page.text
