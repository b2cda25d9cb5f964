"""Tokens become labels in every table (app/importing/labels.py), and an unknown one stops the import."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.app.importing.conftest import code_row, figures, key_row, run_import
from tests.support.mariadb import TABLES, PublicServer
from tests.support.service import Service
from tests.support.settings import LABEL, OTHER_LABEL, OTHER_TOKEN, TOKEN

DAY = "2021-03-04"
WITHDRAWN = "a-withdrawn-token-000001"
ORIGINATORS = {name: "source" if name == "events" else "originator" for name in TABLES}
del ORIGINATORS["failed_key_claim_attempts"]


def rows_of(originator: str | None) -> dict[str, dict[str, Any]]:
    """Return a row for each table that has an originator."""
    seconds = int(datetime.now(UTC).timestamp())
    return {
        "encryption_keys": code_row(originator=originator),
        "diagnosis_keys": key_row(originator=originator),
        "qr_outbreak_events": {
            "location_id": "AAAAAAAA",
            "originator": originator,
            "start_time": seconds - 60,
            "end_time": seconds,
        },
        "events": {
            "source": originator,
            "identifier": "OTKClaimed",
            "device_type": "Server",
            "date": DAY,
            "count": 1,
        },
        "tek_upload_count": {"originator": originator, "date": DAY, "count": 1, "first_upload": 1},
        "otk_life_duration": {"originator": originator, "hours": 1, "date": DAY, "count": 1},
    }


def insert(public: PublicServer, originator: str) -> None:
    for table, row in rows_of(originator).items():
        public.insert(table, row)


def labels_here(here: Service) -> dict[str, set[str | None]]:
    queries = {table: f"SELECT {column} FROM {table}" for table, column in ORIGINATORS.items()}  # noqa: S608
    return {table: {row[0] for row in here.rows(sql)} for table, sql in queries.items()}


def in_every_table(*labels: str) -> dict[str, set[str]]:
    return {table: set(labels) for table in ORIGINATORS}


def everything_here(here: Service) -> str:
    """Return the whole database as a text."""
    tables = here.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return "\n".join(str(here.rows(f"SELECT * FROM {table}")) for (table,) in tables)  # noqa: S608


def test_in_every_table_a_label_stands_for_the_token(public: PublicServer, here: Service) -> None:
    insert(public, TOKEN)
    figures(run_import(here, public))
    assert labels_here(here) == in_every_table(LABEL)
    assert TOKEN not in everything_here(here)


def test_a_label_stays_what_it_is(public: PublicServer, here: Service) -> None:
    insert(public, OTHER_LABEL)
    figures(run_import(here, public))
    assert labels_here(here) == in_every_table(OTHER_LABEL)


@pytest.mark.parametrize("table", ORIGINATORS)
def test_an_unknown_originator_stops_the_import_before_anything_is_written(
    public: PublicServer, here: Service, table: str
) -> None:
    insert(public, TOKEN)
    row = rows_of(WITHDRAWN)[table] | ({"hours": 2} if table == "otk_life_duration" else {})
    public.insert(table, row)
    result = run_import(here, public)
    assert result.exit_code == 1
    assert f"\n{table}\ta-… (24 characters)\t1 rows\n" in result.stderr
    assert WITHDRAWN not in result.output
    assert labels_here(here) == in_every_table()


def test_a_token_is_not_known_by_other_capitals(public: PublicServer, here: Service) -> None:
    public.insert("diagnosis_keys", key_row(), key_row(originator=TOKEN.upper()), key_row(originator=TOKEN.upper()))
    result = run_import(here, public)
    assert result.exit_code == 1
    assert f"diagnosis_keys\tA-… ({len(TOKEN)} characters)\t2 rows" in result.stderr


def test_one_label_can_stand_for_all_that_is_unknown(public: PublicServer, here: Service) -> None:
    public.insert("diagnosis_keys", *(key_row(originator=name) for name in (TOKEN, OTHER_LABEL, WITHDRAWN, "")))
    public.insert("diagnosis_keys", key_row(originator=None))
    figures(run_import(here, public, "--unknown-label", "unknown"))
    assert labels_here(here)["diagnosis_keys"] == {LABEL, OTHER_LABEL, "unknown", None}


def test_more_tokens_can_be_given_in_a_file(public: PublicServer, here: Service, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(f"{WITHDRAWN}=QC\n{'b' * 20}=NS\n")
    public.insert("diagnosis_keys", *(key_row(originator=name) for name in (WITHDRAWN, OTHER_TOKEN, "NS")))
    figures(run_import(here, public, "--tokens", str(file)))
    assert labels_here(here)["diagnosis_keys"] == {"QC", OTHER_LABEL, "NS"}


def test_a_file_of_tokens_that_is_none_is_refused_without_showing_it(here: Service, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text("a-secret-without-a-label")
    result = run_import(here, str(tmp_path), "--tokens", str(file))
    assert result.exit_code == 2
    assert "pair 1 is not token=label" in result.output
    assert "a-secret" not in result.output


@pytest.mark.parametrize("label", ["", "x" * 32])
def test_a_label_that_no_setting_could_hold_is_refused(here: Service, tmp_path: Path, label: str) -> None:
    assert run_import(here, str(tmp_path), "--unknown-label", label).exit_code == 2
