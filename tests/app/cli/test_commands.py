"""The operator's command line (app/cli)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import text

from app.config import Settings
from app.config.parsers import bearer_tokens
from app.crypto.signing import generate_signing_key, load_signing_key, public_key_pem
from tests.support.breakage import without_table
from tests.support.service import Service, exposure_key
from tests.support.settings import SECRETS

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture
def present(make_service: Callable[..., Service]) -> Service:
    """A service whose clock shows the real time, which is what commands go by."""
    service = make_service(EXPORT_MAX_AGE_SECONDS="0")
    service.clock.now = datetime.now(UTC)
    return service


def run(service: Service, *words: str) -> Result:
    return service.app.test_cli_runner().invoke(args=words)


def table(result: Result) -> dict[str, str]:
    assert result.exit_code == 0, result.output
    return dict(line.split("\t") for line in result.stdout.splitlines())


def test_every_secret_that_is_made_is_accepted(present: Service) -> None:
    made = dict(line.split("=", 1) for line in run(present, "secrets", "make").stdout.splitlines())
    token = run(present, "secrets", "token", "ON").stdout.strip()
    urls = {"DATABASE_URL": "postgres://host/name", "REDIS_URL": "redis://host"}
    settings = Settings.from_environment(urls | made | {"KEY_CLAIM_TOKEN": token})
    assert list(settings.submission.key_claim_token.values()) == ["ON"]
    assert set(made) | {"KEY_CLAIM_TOKEN"} == set(SECRETS) | {"TEST_TOOLS_TOKEN", "METRICS_TOKEN"}


def test_a_secret_is_different_each_time(present: Service) -> None:
    lines = {run(present, "secrets", "make", "SECRET_KEY").stdout for _ in range(3)}
    assert len(lines) == 3


@pytest.mark.parametrize("label", ["", "a" * 32, "a=b", "a:b", "a b", "a\u00a0b", "a\x07b", "a\u200bb"])
def test_a_label_that_no_setting_could_hold_is_refused(present: Service, label: str) -> None:
    assert run(present, "secrets", "token", label).exit_code == 2


def test_tokens_can_be_joined(present: Service) -> None:
    tokens = [run(present, "secrets", "token", label).stdout.strip() for label in ("ON", "AB")]
    assert set(bearer_tokens(":".join(tokens)).values()) == {"ON", "AB"}


def test_a_code_is_issued_and_counted_for_its_label(present: Service) -> None:
    code = run(present, "codes", "issue", "--label", "AB").stdout.strip()
    assert present.claim(code).status_code == 200
    assert present.rows("SELECT DISTINCT source FROM events")[0].source == "AB"


def test_a_code_for_an_unknown_label_is_refused(present: Service) -> None:
    result = run(present, "codes", "issue", "--label", "QC")
    assert result.exit_code == 2
    assert "'QC' is not a label of KEY_CLAIM_TOKEN" in result.output


def test_counts_tell_what_is_stored(present: Service) -> None:
    present.issue()
    present.upload(present.pair(), [exposure_key(1), exposure_key(2)])
    present.claim("WRONG")
    assert table(run(present, "counts")) == {
        "unclaimed_codes": "1",
        "claimed_codes": "1",
        "diagnosis_keys": "2",
        "failed_claims_last_minute": "0",
        "failed_claims_last_hour": "1",
        "failed_claims_last_day": "1",
    }


def test_a_purge_deletes_what_is_due_and_says_how_much(present: Service) -> None:
    present.clock.now -= timedelta(days=2)
    present.issue()
    assert table(run(present, "purge"))["unclaimed_codes"] == "1"
    assert table(run(present, "purge"))["unclaimed_codes"] == "0"


def test_a_purge_goes_by_the_clock_of_the_database(present: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    present.issue()
    present.upload(present.pair(), [exposure_key(1)])
    monkeypatch.setattr("app.cli.operations.utc_now", lambda: datetime.now(UTC) + timedelta(days=30))
    deleted = table(run(present, "purge"))
    assert (deleted["diagnosis_keys"], deleted["unclaimed_codes"], deleted["expired_pairs"]) == ("0", "0", "0")


def test_a_purge_of_which_a_step_fails_says_so(present: Service) -> None:
    with without_table(present, "failed_key_claim_attempts"):
        result = run(present, "purge")
    assert result.exit_code == 1
    assert "claim_attempts\tfailed" in result.output
    assert "outbreak_events\t0" in result.output


def test_a_new_sealing_key_takes_over_all_rows_while_phones_go_on(
    present: Service, make_service: Callable[..., Service]
) -> None:
    phone = present.pair()
    old = SECRETS["SEALING_KEYS"]
    rotated = make_service(SEALING_KEYS="dd" * 32 + "," + old)
    assert table(run(rotated, "keys", "reseal")) == {"resealed": "1", "already current": "0", "unreadable": "0"}
    assert table(run(rotated, "keys", "reseal")) == {"resealed": "0", "already current": "1", "unreadable": "0"}
    without_old = make_service(SEALING_KEYS="dd" * 32)
    without_old.clock.now = present.clock.now
    assert without_old.upload(phone, [exposure_key()]).status_code == 200


def test_rotation_reports_rows_that_no_key_opens_and_seals_the_others(
    present: Service, make_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.upkeep.resealing._BATCH_ROWS", 2)
    for _ in range(5):
        present.issue()
    row = "SELECT {} FROM encryption_keys ORDER BY server_public_key {} LIMIT 1"
    first, last = row.format("server_public_key", ""), row.format("server_private_key", "DESC")
    present.execute(
        f"UPDATE encryption_keys SET server_private_key = ({last}) WHERE server_public_key = ({first})"  # noqa: S608
    )
    rotated = make_service(SEALING_KEYS="dd" * 32 + "," + SECRETS["SEALING_KEYS"])
    result = run(rotated, "keys", "reseal")
    assert (result.exit_code, "resealed\t4\nalready current\t0\nunreadable\t1" in result.output) == (1, True)
    assert "readable\t4\nunreadable\t1" in run(rotated, "keys", "check").output


def test_a_check_counts_the_rows_that_open_and_changes_none(
    present: Service, make_service: Callable[..., Service]
) -> None:
    present.issue()
    stored = present.rows("SELECT server_private_key FROM encryption_keys")
    assert table(run(present, "keys", "check")) == {"readable": "1", "unreadable": "0"}
    result = run(make_service(SEALING_KEYS="dd" * 32), "keys", "check")
    assert (result.exit_code, "readable\t0\nunreadable\t1" in result.output) == (1, True)
    assert present.rows("SELECT server_private_key FROM encryption_keys") == stored


def test_a_check_waits_for_no_row_that_is_being_changed(present: Service) -> None:
    present.issue()
    with present.app.context.database.transaction() as connection:
        connection.execute(text("SELECT 1 FROM encryption_keys FOR UPDATE"))
        assert table(run(present, "keys", "check")) == {"readable": "1", "unreadable": "0"}


def test_rotation_seals_bare_keys_that_were_moved_over(present: Service) -> None:
    present.issue()
    present.execute("UPDATE encryption_keys SET server_private_key = decode(repeat('ab', 32), 'hex')")
    assert table(run(present, "keys", "reseal"))["resealed"] == "1"


@pytest.mark.parametrize("day", ["today", "number", "00000"])
def test_an_archive_is_exported_and_inspected(present: Service, tmp_path: Path, day: str) -> None:
    present.upload(present.pair(), [exposure_key(1, rolling_start_interval_number=(present.today - 3) * 144)])
    name = {"today": present.clock.now.strftime("%Y-%m-%d"), "number": str(present.today)}.get(day, day)
    archive, key = tmp_path / "archive.zip", tmp_path / "key.pem"
    assert run(present, "archives", "export", name, str(archive)).exit_code == 0
    key.write_text(run(present, "archives", "public-key").stdout)
    described = table(run(present, "archives", "inspect", str(archive), "--public-key", str(key)))
    assert described["region"] == "CA"
    assert described["keys"] == ("0" if day == "00000" else "1")
    assert described["signature"] == "valid"


@pytest.mark.parametrize("day", ["2020-01-01", "99999", "tomorrow"])
def test_a_day_that_is_not_served_is_not_exported(present: Service, tmp_path: Path, day: str) -> None:
    assert run(present, "archives", "export", day, str(tmp_path / "x.zip")).exit_code == 2


def test_an_archive_of_another_server_is_described(present: Service) -> None:
    described = table(run(present, "archives", "inspect", str(DATA / "google_example_export.zip")))
    assert (described["region"], described["keys"], described["signed by"]) == ("US", "2", "some_id 1")
    assert re.fullmatch(r"2020-05-22 \d\d:\d\d UTC", described["from"])


def test_a_signature_of_somebody_else_is_not_valid(present: Service, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text(public_key_pem(load_signing_key(bytes.fromhex(generate_signing_key()))))
    result = run(present, "archives", "inspect", str(DATA / "google_example_export.zip"), "--public-key", str(key))
    assert result.exit_code == 1
    assert "NOT valid" in result.output


def test_files_that_are_no_archive_or_no_key_are_refused_in_one_line(present: Service, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    nothing.write_bytes(b"-----nothing")
    for words in (
        ("archives", "inspect", str(nothing)),
        ("archives", "inspect", str(DATA / "google_example_export.zip"), "--public-key", str(nothing)),
    ):
        result = run(present, *words)
        assert result.exit_code in (1, 2)
        assert "Traceback" not in result.output
