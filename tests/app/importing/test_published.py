"""Diagnosis keys and outbreak events (app/importing/published.py), and the archives that they are in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.domain.timeline import day_number
from app.importing import published
from app.importing.arrays import arrays
from tests.app.importing.conftest import figures, key_row, printed, run_import
from tests.support.archive import archive_in
from tests.support.mariadb import PublicServer
from tests.support.service import Service
from tests.support.settings import LABEL, TOKEN

EVENTS_HERE = "SELECT * FROM qr_outbreak_events ORDER BY location_id"
MAX_UNSIGNED = 2**32 - 1


def outbreak(location: str, **columns: object) -> dict[str, object]:
    now = datetime.now(UTC).replace(microsecond=0)
    seconds = int(now.timestamp())
    return {
        "location_id": location,
        "originator": TOKEN,
        "start_time": seconds - 7200,
        "end_time": seconds - 3600,
        "severity": 2,
        "created": now - timedelta(minutes=30),
    } | columns


def test_the_archive_of_a_past_day_holds_what_was_published_there(public: PublicServer, here: Service) -> None:
    keys = [key_row(number) for number in (1, 2, 3)]
    public.insert("diagnosis_keys", *keys)
    assert figures(run_import(here, public))["diagnosis_keys"] == (3, 3, 0, 0, 0)
    exported = archive_in(here.fetch(here.today - 1)).export.keys
    assert [key.key_data for key in exported] == [key["key_data"] for key in keys]
    assert {(key.rolling_period, key.transmission_risk_level, key.report_type) for key in exported} == {(144, 4, 1)}
    assert not archive_in(here.fetch(here.today)).export.keys


def test_archives_that_were_built_before_are_built_again(
    public: PublicServer, make_service: Callable[..., Service]
) -> None:
    serving = make_service()
    serving.clock.now = datetime.now(UTC)
    yesterday = day_number(serving.clock.now) - 1
    assert not archive_in(serving.fetch(yesterday)).export.keys
    public.insert("diagnosis_keys", key_row())
    result = run_import(make_service(), public)
    assert figures(result)["diagnosis_keys"] == (1, 1, 0, 0, 0)
    assert "All archives were discarded" in result.stderr
    serving.clock.now += timedelta(seconds=serving.settings.retrieval.export_max_age_seconds + 1)
    assert archive_in(serving.fetch(yesterday)).export.keys


def test_a_repeated_import_brings_only_new_keys(public: PublicServer, here: Service) -> None:
    public.insert("diagnosis_keys", key_row(1), key_row(2))
    figures(run_import(here, public))
    public.insert("diagnosis_keys", key_row(3))
    assert figures(run_import(here, public))["diagnosis_keys"] == (3, 1, 0, 2, 0)


def test_keys_that_have_expired_are_not_brought(public: PublicServer, here: Service) -> None:
    public.insert("diagnosis_keys", key_row(hour_of_submission=(here.today - 16) * 24))
    assert figures(run_import(here, public))["diagnosis_keys"] == (1, 0, 0, 1, 0)


def test_a_row_that_does_not_fit_is_refused_and_the_others_come(public: PublicServer, here: Service) -> None:
    public.insert("diagnosis_keys", key_row(1, rolling_period=40_000), key_row(2, region="3" * 32), key_row(3))
    result = run_import(here, public)
    assert result.exit_code == 1
    assert printed(result)["diagnosis_keys"] == (3, 2, 0, 0, 1)
    assert "diagnosis_keys: 1 refused: rolling_period is not from -32768 to 32767\n" in result.stderr
    assert "Error: some rows were refused" in result.stderr


def test_outbreaks_have_moments_and_a_severity_here(public: PublicServer, here: Service) -> None:
    known, unknown = outbreak("AAAAAAAA"), outbreak("BBBBBBBB", severity=None, originator=None, end_time=MAX_UNSIGNED)
    public.insert("qr_outbreak_events", known, unknown)
    assert figures(run_import(here, public))["qr_outbreak_events"] == (2, 2, 0, 0, 0)
    first, second = here.rows(EVENTS_HERE)
    assert first.start_time.timestamp() == known["start_time"]
    assert (first.severity, first.originator, first.created) == (2, LABEL, known["created"])
    assert (second.severity, second.originator, second.end_time.timestamp()) == (0, None, MAX_UNSIGNED)
    assert len(archive_in(here.fetch(here.today, kind="qr")).outbreaks.locations) == 2 or here.clock.now.hour == 0


def test_a_repeated_import_brings_only_new_outbreaks(public: PublicServer, here: Service) -> None:
    public.insert("qr_outbreak_events", outbreak("AAAAAAAA", originator=None), outbreak("BBBBBBBB"))
    figures(run_import(here, public))
    public.insert("qr_outbreak_events", outbreak("BBBBBBBB", severity=3))
    assert figures(run_import(here, public))["qr_outbreak_events"] == (3, 1, 0, 2, 0)
    old = outbreak("CCCCCCCC", created=datetime.now(UTC) - timedelta(days=17))
    public.insert("qr_outbreak_events", old)
    assert figures(run_import(here, public))["qr_outbreak_events"] == (4, 0, 0, 4, 0)


def test_outbreaks_are_not_compared_each_with_each(here: Service) -> None:
    with here.database.transaction() as connection:
        connection.execute(
            text("""
                INSERT INTO qr_outbreak_events (location_id, originator, start_time, end_time, created)
                SELECT lpad(n::text, 8, '0'), 'a', now(), now(), now() FROM generate_series(1, 5000) AS n
            """)
        )
        connection.execute(text("ANALYZE qr_outbreak_events"))
        values = arrays(published._EVENT_COLUMNS, []) | {"oldest_outbreak": datetime.now(UTC)}
        plan = "\n".join(connection.execute(text(f"EXPLAIN {published._ADD_EVENTS.text}"), values).scalars())
    assert "Anti Join" in plan
    assert "Nested Loop" not in plan


@pytest.mark.parametrize("table", ["qr_outbreak_events", "otk_life_duration"])
def test_a_table_that_an_older_server_lacks_is_skipped(public: PublicServer, here: Service, table: str) -> None:
    public.execute(f"RENAME TABLE {table} TO elsewhere")
    try:
        result = run_import(here, public)
    finally:
        public.execute(f"RENAME TABLE elsewhere TO {table}")
    assert table not in figures(result)
    assert f"{table}: not in the source.\n" in result.stderr


def test_a_database_without_the_main_tables_is_not_the_public_servers(public: PublicServer, here: Service) -> None:
    public.execute("RENAME TABLE diagnosis_keys TO elsewhere")
    try:
        result = run_import(here, public)
    finally:
        public.execute("RENAME TABLE elsewhere TO diagnosis_keys")
    assert (result.exit_code, result.stderr) == (1, "Error: the source lacks diagnosis_keys\n")
