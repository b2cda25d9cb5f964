"""`flask import-settings` (app/importing/settings_file.py): config.yaml as settings of this service."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli.importing import import_settings
from app.config import Settings
from app.importing.errors import SourceError
from app.importing.settings_file import translate
from tests.support.command_line import flask
from tests.support.settings import SECRETS

# The words and values that the public server ships, in a file of our own.
SHIPPED = """
defaultSubmissionServerPort: 8000
defaultRetrievalServerPort: 8001
defaultServerPort: 8010
workerExpirationInterval: 30
maxConsecutiveClaimKeyFailures: 50
claimKeyBanDuration: 1
maxDiagnosisKeyRetentionDays: 15
initialRemainingKeys: 43
encryptionKeyValidityDays: 15
oneTimeCodeExpiryInMinutes: 1440
assignmentParts: 2
hmacKeyLength: 32
corsAccessControlAllowOrigin: "*"
disableCurrentDateCheckFeatureFlag: true
enableEntirePeriodBundle: true
"""
SHIPPED_SETTINGS = {
    "WORKER_EXPIRATION_INTERVAL": "30",
    "MAX_CONSECUTIVE_CLAIM_KEY_FAILURES": "50",
    "CLAIM_KEY_BAN_HOURS": "1",
    "MAX_DIAGNOSIS_KEY_RETENTION_DAYS": "15",
    "INITIAL_REMAINING_KEYS": "43",
    "ENCRYPTION_KEY_VALIDITY_DAYS": "15",
    "ONE_TIME_CODE_EXPIRY_MINUTES": "1440",
    "HMAC_KEY_LENGTH": "32",
    "CORS_ACCESS_CONTROL_ALLOW_ORIGIN": "*",
    "DISABLE_CURRENT_DATE_CHECK": "true",
    "ENABLE_ENTIRE_PERIOD_BUNDLE": "true",
}


def test_the_shipped_file_becomes_settings_that_the_service_starts_with() -> None:
    translated = translate(SHIPPED)
    assert translated.settings == SHIPPED_SETTINGS
    urls = {"DATABASE_URL": "postgres://host/name", "REDIS_URL": "redis://host"}
    assert Settings.from_environment(SECRETS | urls | translated.settings).submission.claim_key_ban_hours == 1


def test_each_word_without_a_counterpart_is_named_with_the_reason() -> None:
    remarks = translate(SHIPPED).remarks
    assert [remark.partition(":")[0] for remark in remarks] == [
        "defaultSubmissionServerPort",
        "defaultRetrievalServerPort",
        "defaultServerPort",
        "assignmentParts",
    ]
    assert not [remark for remark in remarks if "not known" in remark]
    assert "maxClaims: unknown" in translate(SHIPPED + "maxClaims: 3\n").remarks


def test_capitals_do_not_matter_as_they_do_not_there() -> None:
    assert translate("CLAIMKEYBANDURATION: 2\n").settings["CLAIM_KEY_BAN_HOURS"] == "2"


def test_words_that_the_file_lacks_have_the_public_servers_values() -> None:
    assert translate("{}").settings == {"INITIAL_REMAINING_KEYS": "28", "ENABLE_ENTIRE_PERIOD_BUNDLE": "false"}


def test_a_value_that_the_setting_does_not_take_is_named() -> None:
    translated = translate("claimKeyBanDuration: 48")
    assert "CLAIM_KEY_BAN_HOURS" not in translated.settings
    (remark,) = translated.remarks
    assert remark.startswith("claimKeyBanDuration: CLAIM_KEY_BAN_HOURS does not take this value: '48' is not")


@pytest.mark.parametrize("document", ["[1, 2]", "", "a: b: c", "\t"])
def test_what_is_not_a_mapping_is_refused(document: str) -> None:
    with pytest.raises(SourceError):
        translate(document)


def test_the_command_needs_no_settings(tmp_path: Path) -> None:
    """The operator who translates the file has no settings yet."""
    file = tmp_path / "config.yaml"
    file.write_text(SHIPPED)
    done = flask("import-settings", str(file))
    assert done.returncode == 0, done.stderr
    assert dict(line.split("=", 1) for line in done.stdout.splitlines()) == SHIPPED_SETTINGS
    assert len(done.stderr.splitlines()) == 4
    assert all(line.startswith("# ") for line in done.stderr.splitlines())


def test_a_file_in_another_encoding_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes("# Clés\nport: 8000\n".encode("latin-1"))
    done = CliRunner().invoke(import_settings, [str(file)])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"Error: {file}: is not UTF-8: convert it\n"
