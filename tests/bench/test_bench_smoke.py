"""Every scenario runs for a fraction of a second against the service, and the report is written."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench import plot
from bench.scenarios import SCENARIOS
from tests.support.torture import only_in_torture

pytestmark = only_in_torture

ROOT = Path(__file__).resolve().parents[2]
TINY = {
    "--seconds": "0.5",
    "--warm-up": "0",
    "--rounds": "1",
    "--keys-per-day": "100",
    "--rate": "100",
    "--archive-sizes": "1000",
}
# Two servers of one process each start faster.
ENVIRONMENT = {**os.environ, "WEB_CONCURRENCY": "1"}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    arguments = [part for option, value in TINY.items() for part in (option, *value.split())]
    done = subprocess.run(
        [sys.executable, "-m", "bench", *arguments, "--results", str(folder)],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (folder / "latest.json").is_file(), done.stderr
    return folder


@pytest.fixture(scope="module")
def rows(results: Path) -> list[dict[str, Any]]:
    return json.loads((results / "latest.json").read_text())["rows"]


def test_each_scenario_reports_at_least_one_server(rows: list[dict[str, Any]]) -> None:
    assert len({row["scenario"] for row in rows}) == len(SCENARIOS)


def test_scenarios_with_their_tools_installed_have_no_errors(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        if "skipped" in row:
            assert row["skipped"] == "wrk is not installed", row
            assert shutil.which("wrk") is None
        else:
            assert row["figures"]["requests"] > 0, row
            assert row["figures"]["errors"] == 0, row


def test_both_web_servers_serve_downloads(rows: list[dict[str, Any]]) -> None:
    servers = {row["server"] for row in rows if row["scenario"] == "download of an empty day"}
    assert servers == {"gunicorn", "granian"}


def test_the_report_lists_every_scenario(results: Path, rows: list[dict[str, Any]]) -> None:
    table = (results / "latest.md").read_text()
    assert all(row["scenario"] in table for row in rows)


def test_the_chart_is_drawn_if_matplotlib_is_installed(results: Path) -> None:
    assert (results / "latest.png").is_file() == plot.is_possible()
