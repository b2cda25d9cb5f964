"""Counters (app/importing/counters.py): sums there, ledgers here, and nothing is counted twice."""

import base64
from typing import Any

import pytest

from tests.app.importing.conftest import figures, printed, run_import
from tests.support.mariadb import PublicServer
from tests.support.service import Service
from tests.support.settings import LABEL, METRICS, OTHER_LABEL, TOKEN

LEDGERS = ("events", "tek_upload_count", "otk_life_duration")


@pytest.fixture
def today(here: Service) -> str:
    return here.clock.now.date().isoformat()


def event(source: str, count: int, day: str, identifier: str = "OTKGenerated") -> dict[str, Any]:
    return {"source": source, "identifier": identifier, "device_type": "Server", "date": day, "count": count}


def figures_here(here: Service, kind: str, day: str) -> list[dict[str, Any]]:
    """Return what the service answers to its operator, without the date."""
    given = base64.b64encode(":".join(METRICS).encode()).decode()
    answer = here.client.get(f"/events/{kind}{day}", headers={"Authorization": f"Basic {given}"})
    assert answer.status_code == 200
    return [{name: value for name, value in entry.items() if name != "date"} for entry in answer.json]


def counted(here: Service, day: str) -> dict[tuple[str, str], int]:
    return {(entry["source"], entry["identifier"]): entry["count"] for entry in figures_here(here, "", day)}


def test_figures_are_those_of_the_public_server(public: PublicServer, here: Service, today: str) -> None:
    public.insert("events", event(LABEL, 7, today), event(OTHER_LABEL, 2, "2021-03-04", "OTKClaimed"))
    upload = {"originator": LABEL, "date": today, "count": 14, "first_upload": 1}
    public.insert("tek_upload_count", upload, upload, upload | {"first_upload": 0, "count": 1})
    public.insert("otk_life_duration", {"originator": LABEL, "hours": 6, "date": today, "count": 3})
    brought = figures(run_import(here, public))
    assert [brought[ledger] for ledger in LEDGERS] == [(2, 2, 0, 0, 0), (3, 2, 0, 0, 0), (1, 1, 0, 0, 0)]
    assert counted(here, today) == {(LABEL, "OTKGenerated"): 7}
    assert counted(here, "2021-03-04") == {(OTHER_LABEL, "OTKClaimed"): 2}
    first = {"source": LABEL, "count": 14, "first_upload": True}
    uploads = figures_here(here, "uploads/", today)
    assert sorted(uploads, key=str) == sorted([first, first, {**first, "count": 1, "first_upload": False}], key=str)
    assert figures_here(here, "otkdurations/", today) == [{"source": LABEL, "hours": 6, "count": 3}]


def test_a_repeated_import_counts_nothing_twice_and_keeps_what_was_counted_here(
    public: PublicServer, here: Service, today: str
) -> None:
    public.insert("events", event(LABEL, 7, today), event(LABEL, 1, today, "OTKClaimed"))
    figures(run_import(here, public))
    here.issue()
    public.execute("UPDATE events SET count = 9 WHERE identifier = 'OTKGenerated'")
    public.insert("events", event(LABEL, 4, today, "OTKExpired"))
    assert figures(run_import(here, public))["events"] == (3, 1, 1, 1, 0)
    figures(run_import(here, public))
    assert counted(here, today) == {
        (LABEL, "OTKGenerated"): 10,
        (LABEL, "OTKClaimed"): 1,
        (LABEL, "OTKExpired"): 4,
    }


def test_it_holds_after_the_worker_has_rolled_the_ledger_up(public: PublicServer, here: Service, today: str) -> None:
    public.insert("events", event(LABEL, 7, today))
    figures(run_import(here, public))
    here.execute("DELETE FROM events")
    here.execute(
        "INSERT INTO events (source, identifier, device_type, date, count)"
        " VALUES (:source, 'OTKGenerated', 'Server', :day, 12)",
        source=LABEL,
        day=today,
    )
    figures(run_import(here, public))
    assert counted(here, today) == {(LABEL, "OTKGenerated"): 12}


def test_a_token_and_its_label_are_one_figure(public: PublicServer, here: Service, today: str) -> None:
    """The public server counts a token whose label is 302 under the token itself (rule 94)."""
    public.insert("events", event(TOKEN, 5, today), event(LABEL, 2, today))
    assert figures(run_import(here, public))["events"] == (2, 1, 0, 0, 0)
    assert counted(here, today) == {(LABEL, "OTKGenerated"): 7}


def test_a_figure_that_has_fallen_is_refused(public: PublicServer, here: Service, today: str) -> None:
    public.insert("events", event(LABEL, 5, today))
    figures(run_import(here, public))
    public.execute("UPDATE events SET count = 3")
    result = run_import(here, public)
    assert printed(result)["events"] == (1, 0, 0, 0, 1)
    assert "events: 1 refused: its figure is smaller than at an earlier import" in result.stderr
    assert counted(here, today) == {(LABEL, "OTKGenerated"): 5}


def test_marks_are_forgotten_on_demand(public: PublicServer, here: Service, today: str) -> None:
    public.insert("events", event(LABEL, 5, today))
    figures(run_import(here, public))
    result = here.app.test_cli_runner().invoke(args=["import-forget"], input="n\n")
    assert (result.exit_code, len(here.rows("SELECT * FROM imported_counters"))) == (1, 1)
    assert here.app.test_cli_runner().invoke(args=["import-forget", "--yes"]).exit_code == 0
    assert here.rows("SELECT * FROM imported_counters") == here.rows("SELECT * FROM imported_key_pairs") == []
    assert counted(here, today) == {(LABEL, "OTKGenerated"): 5}
