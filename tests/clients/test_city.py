"""The simulated city against the real server: no notification is missing or wrong, and errors are found."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from clients.city import simulation
from clients.city.__main__ import main
from clients.city.calendar import Calendar
from clients.city.plots import ticks
from clients.city.report import page, summary
from clients.city.result import DayFigures, Options, RequestFigures, Result
from clients.city.shared import SharedIndex
from clients.phone.settings import Settings
from clients.progress import Progress
from processes.ports import reserve_port
from tests.support.programs import browser_program
from tests.support.torture import only_in_ci, only_in_torture, times

ROOT = Path(__file__).parents[2]
PEOPLE = times(20, 50)


@pytest.fixture
def run(live):
    """Return a function that runs a small city."""

    def start(**options):
        chosen = Options(**{"people": PEOPLE, "days": 14, "seed": 1, **options})
        calendar = Calendar(chosen.days, chosen.real_time)
        city = simulation.Simulation(chosen, Settings.from_environ(live), live["KEY_CLAIM_TOKEN"], calendar, Progress())
        return city.run()

    return start


def test_in_a_small_city_no_notification_is_missing_or_wrong(live, monkeypatch, tmp_path, capsys):
    for name, value in live.items():
        monkeypatch.setenv(name, value)
    report = tmp_path / "city.html"

    status = main(["--people", str(PEOPLE), "--seed", "1", "--report", str(report)])

    printed = capsys.readouterr()
    assert (status, printed.err) == (0, "")
    assert "No notification is missing, and none is wrong." in printed.out
    notified = int(re.search(r"people notified: (\d+)", printed.out)[1])
    assert PEOPLE // 10 < notified < PEOPLE * 9 // 10
    assert "people to be notified: " + str(notified) in printed.out
    assert printed.out.endswith(f"report: {report.as_uri()}\n")
    assert "No notification is missing" in report.read_text()


@only_in_torture
def test_make_city_starts_a_server_of_its_own_whatever_the_environment_names(tmp_path):
    elsewhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1"}
    environment = {
        **os.environ,
        **elsewhere,
        "BIND_ADDR": "127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
        "PORT": str(reserve_port()),
        "PYTHON": sys.executable,
        "PEOPLE": "2",
        "REPORT": str(tmp_path / "city.html"),
    }

    command = [ROOT / "clients" / "city" / "with-server.sh", "--days", "2"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 0, done.stderr
    assert "No notification is missing" in (tmp_path / "city.html").read_text()


@only_in_ci
def test_a_phone_that_overlooks_a_key_is_noticed(run, monkeypatch):
    found = SharedIndex.find
    monkeypatch.setattr(SharedIndex, "find", lambda self, files, received: found(self, files, received)[1:])

    result = run(days=6)

    assert result.missed
    assert not result.wrong
    assert not result.is_exact
    assert f"{len(result.missed)} missed, 0 wrongly notified" in summary(result)


@only_in_ci
def test_a_phone_that_takes_far_for_near_is_noticed(run, monkeypatch):
    monkeypatch.setattr("clients.phone.risk._distance", lambda *_: "immediate")

    result = run(days=6)

    assert result.wrong
    assert not result.missed


@only_in_ci
def test_a_server_that_refuses_is_noticed(run, live, monkeypatch):
    monkeypatch.setitem(live, "KEY_CLAIM_TOKEN", "not-a-token-that-anyone-has")

    result = run(days=3)

    assert result.failures
    assert all(sentence.endswith("no code: HTTP 401") for sentence in result.failures)


def test_a_setting_that_is_missing_is_named(monkeypatch, live, capsys):
    for name, value in live.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("KEY_CLAIM_TOKEN")

    assert main(["--people", "10"]) == 1
    assert capsys.readouterr().err == "city: KEY_CLAIM_TOKEN is not set\n"


@pytest.mark.parametrize(
    ("largest", "expected"),
    [
        (0, [0, 1]),
        (1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (7, [0, 2, 4, 6, 8]),
        (100, [0, 20, 40, 60, 80, 100]),
        (10_349, [0, 5_000, 10_000, 15_000]),
    ],
)
def test_the_marks_of_an_axis_are_round_and_reach_the_largest_value(largest, expected):
    assert ticks(largest) == pytest.approx(expected)


def wrong_result():
    """A result with everything in it, and something to escape."""
    result = Result(Options(1_000, 2, 3), "abc", seconds=2.0)
    result.days = [DayFigures(10, 1, 1, 14, 2, 3, 1.0), DayFigures(12, 2, 3, 16, 5, 6, 1.0)]
    result.requests = [RequestFigures("retrieve", 4, 1.0, 2.0, 3.0, 4.0)]
    result.statuses = {"retrieve 200": 4}
    result.missed = [(5, 20_000)]
    result.failures = ["day 1: <script>alert(1)</script>"] * 30
    return result


def test_the_page_shows_what_went_wrong_and_escapes_it():
    text = page(wrong_result())

    assert "1 missed, 0 wrongly notified, 30 failures." in text
    assert "&lt;script&gt;" in text
    assert "<script>" not in text
    assert "And 11 more." in text


def test_the_page_stands_in_a_real_browser(tmp_path):
    file = tmp_path / "city.html"
    file.write_text(page(wrong_result()))

    shown = subprocess.run(
        [
            browser_program(),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--dump-dom",
            f"--user-data-dir={tmp_path}",
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout

    assert shown.count("<svg") == 4
    assert shown.count("<rect") == 4 + 2 + 3
    assert shown.count("<polyline") == 2
    assert "1 missed, 0 wrongly notified, 30 failures." in shown
