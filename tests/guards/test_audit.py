"""bin/check-dependencies: what it finds, and that it never passes what it could not look up."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.guards.source import ROOT
from tests.support.torture import only_in_torture

sys.path.insert(0, str(ROOT / "bin"))
import audit

FLASK = {"ecosystem": "PyPI", "name": "Flask"}
PIN = ("flask", "3.1.3")


def advisory(package: dict[str, str], *events: dict[str, str], versions: tuple[str, ...] = ()) -> dict[str, Any]:
    affected = {"package": package, "versions": versions, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    return {"id": "TEST-1", "affected": [affected]}


def run(folder: Path, *advisories: dict[str, Any]) -> int:
    """Audit one requirement, with hashes as in ours, against advisories."""
    requirements, file = folder / "requirements.txt", folder / "advisories.json"
    requirements.write_text("# a comment\nFlask[async]==3.1.3 \\\n    --hash=sha256:00\n    # via -r requirements.in\n")
    file.write_text(json.dumps(advisories))
    return audit.main(["--advisories", str(file), str(requirements)])


@pytest.mark.parametrize(
    ("events", "versions", "status"),
    [
        ([{"introduced": "0"}], (), audit.VULNERABLE),
        ([{"introduced": "3.1"}, {"fixed": "3.1.4"}], (), audit.VULNERABLE),
        ([{"introduced": "0"}, {"fixed": "3.1.3"}], (), audit.PASSED),
        ([{"introduced": "0"}, {"fixed": "2.0"}, {"introduced": "3.1.3"}], (), audit.VULNERABLE),
        ([{"introduced": "0"}, {"last_affected": "3.1.3"}], (), audit.VULNERABLE),
        ([{"introduced": "0"}, {"last_affected": "3.1.2"}], (), audit.PASSED),
        ([{"introduced": "3.2"}], (), audit.PASSED),
        ([], ("3.1.3",), audit.VULNERABLE),
        ([], ("3.1.2",), audit.PASSED),
    ],
)
def test_a_file_of_advisories_decides(
    tmp_path: Path, events: list[dict[str, str]], versions: tuple[str, ...], status: int
) -> None:
    assert run(tmp_path, advisory(FLASK, *events, versions=versions)) == status


def test_a_vulnerable_requirement_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, advisory(FLASK, {"introduced": "0"}))
    assert capsys.readouterr().out == "flask 3.1.3: TEST-1\n1 requirements audited, 1 vulnerable\n"


def test_a_package_of_another_ecosystem_is_another_package(tmp_path: Path) -> None:
    assert run(tmp_path, advisory({"ecosystem": "npm", "name": "flask"}, {"introduced": "0"})) == audit.PASSED


def test_without_any_advisory_nothing_was_audited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path) == audit.NOT_AUDITED
    assert audit.main(["--advisories", str(tmp_path / "none"), str(tmp_path / "requirements.txt")]) == audit.NOT_AUDITED
    assert all(line.startswith("not audited: ") for line in capsys.readouterr().out.splitlines())


def test_every_one_of_our_requirements_is_read() -> None:
    for file in ROOT.glob("requirements*.txt"):
        text = file.read_text(encoding="utf-8")
        assert len(audit.read_pins(text)) == sum("==" in line for line in text.splitlines() if line[0:1].isalnum())


CANARY = {"name": "urllib3", "version": "1.24.1", "vulns": [{"id": "PYSEC-1"}]}


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        ([CANARY], "flask 3.1.3: missing from the report"),
        ([CANARY, {"name": "flask", "skip_reason": "not found"}], "flask 3.1.3: not found"),
        ([CANARY | {"vulns": []}, {"name": "flask", "vulns": []}], "reports no advisory for urllib3 1.24.1"),
    ],
)
def test_a_database_without_advisories_is_not_believed(report: list[dict[str, Any]], reason: str) -> None:
    with pytest.raises(audit.NotAuditedError, match=reason):
        list(audit.judge([PIN, ("urllib3", "1.24.1")], report))


def test_what_the_database_reports_is_found_but_not_the_canary() -> None:
    report = [CANARY, {"name": "Flask", "version": "3.1.3", "vulns": [{"id": "PYSEC-2"}]}]
    assert list(audit.judge([PIN, ("urllib3", "1.24.1")], report)) == [(PIN, "PYSEC-2")]


@only_in_torture
def test_an_unreachable_database_is_never_a_pass() -> None:
    environment = {"PATH": f"{ROOT / '.venv' / 'bin'}:/usr/bin:/bin", "HTTPS_PROXY": "http://127.0.0.1:1"}
    done = subprocess.run(
        [ROOT / "bin" / "check-dependencies"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == audit.NOT_AUDITED, done.stderr
    assert done.stdout.startswith("not audited: ")


def test_the_hosted_check_fails_if_it_could_not_ask() -> None:
    """Every status but 0 fails a step, unless the step has `continue-on-error`."""
    workflow = (ROOT / ".github" / "workflows" / "checks.yml").read_text(encoding="utf-8")
    assert '{ check: "security: dependencies", command: bin/check-dependencies }' in workflow
    assert "continue-on-error" not in workflow
    assert audit.NOT_AUDITED not in (0, audit.VULNERABLE)
