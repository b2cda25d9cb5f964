"""The team's figures: with small counts, for a period, and with alarms."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from app.domain.figures import PLACES
from app.domain.portal.rights import Role
from app.figures.readings import FigureReadings
from app.store import figure_readings
from tests.support.figures import compute, count_events, fill_ledgers
from tests.support.portal import person
from tests.support.service import Service

PAGE = "/en/statistics/figures"


def table(page: str, figure: str) -> list[list[str]]:
    """Return the cells of a figure's table, the newest day first."""
    section = page.partition(f'aria-labelledby="{figure}"')[2].partition("</section>")[0]
    body = section.partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        [re.sub(r"<[^>]*>", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    ]


def test_small_counts_are_shown_to_those_with_the_right(portal: Service) -> None:
    count_events(portal, portal.clock.now.date() - timedelta(days=1), "OTKGenerated", 3, "NU")
    compute(portal)
    superuser = person(portal, Role.SUPERUSER, "CDS")
    assert table(superuser.get(f"{PAGE}?place=NU").text, "issued") == [["Mar 17, 2026", "3"]]
    assert table(superuser.get(f"{PAGE}?place=ON").text, "issued") == [["Mar 17, 2026", "0"]]
    assert "/en/statistics/figures" in superuser.get("/en/statistics").text


@pytest.mark.parametrize("role", [Role.STAFF, Role.ADMINISTRATOR])
def test_others_have_no_access(portal: Service, role: Role) -> None:
    visitor = person(portal, role)
    assert visitor.get(PAGE).status_code == 403
    assert visitor.get(f"{PAGE}.csv").status_code == 403
    assert "/en/statistics/figures" not in visitor.get("/en/statistics").text


def test_the_period_is_limited_to_what_is_kept(portal: Service) -> None:
    fill_ledgers(portal, 6)
    compute(portal)
    superuser = person(portal, Role.SUPERUSER, "CDS")
    days = [row[0] for row in table(superuser.get(f"{PAGE}?from=2026-03-13&to=2026-03-15").text, "claimed")]
    assert days == ["Mar 15, 2026", "Mar 14, 2026", "Mar 13, 2026"]
    for query in ("from=2026-03-15&to=2026-03-13", "from=9999-12-31", "to=0001-01-01", "from=x&to=", "from=2026-02-31"):
        assert superuser.get(f"{PAGE}?{query}").status_code == 200
    assert superuser.get(f"{PAGE}?place=XX").status_code == 404


def test_the_file_has_every_figure_of_every_place(portal: Service) -> None:
    fill_ledgers(portal, 2)
    compute(portal)
    response = person(portal, Role.SUPERUSER, "CDS").get(f"{PAGE}.csv?from=2026-03-16&to=2026-03-17")
    rows = list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig"))))
    assert len(rows) == 2 * (len(PLACES) + 1)
    for day in ("2026-03-16", "2026-03-17"):
        own = [row for row in rows if row["date"] == day]
        for column in ("issued", "claimed", "claimed_later", "uploads_of_14_keys"):
            total = next(int(row[column]) for row in own if row["place"] == "all")
            assert total == sum(int(row[column]) for row in own if row["place"] != "all") > 0


def test_alarms_are_shown_with_their_thresholds(make_service: Callable[..., Service]) -> None:
    portal = make_service(SURFACES="submission,portal")
    minute = portal.clock.now.replace(second=0, microsecond=0) - timedelta(minutes=2)
    with portal.database.transaction() as connection:
        figure_readings.add_counts(connection, minute, {"refused_claims": 75, "server_errors": 11})
    page = person(portal, Role.SUPERUSER, "CDS").get("/fr/statistics/figures").text
    rows = table(page, "alarms")
    assert rows[0] == ["Codes en attente d’utilisation", "en ce moment", "–", "250", "400", "Inconnu"]
    assert rows[4][2:] == ["75", "60", "100", "Avertissement"]
    assert rows[6][2:] == ["11", "1", "10", "Critique"]
    FigureReadings(portal.database).record_levels(portal.clock.now)
    assert table(person(portal, Role.SUPERUSER, "QC").get("/fr/statistics/figures").text, "alarms")[0][-1] == "Normal"
