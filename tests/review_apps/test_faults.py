"""What goes wrong with review apps, and what the host then does."""

import json
import re
import threading
import time

import psutil
import pytest

from tests.review_apps.host import Host, basic, command
from tests.review_apps.small_app import MANIFEST
from tests.support.torture import only_in_torture
from tests.support.waiting import wait_until

pytestmark = only_in_torture

REPOSITORY_OPTION = "--repository"


def branch(host: Host, name: str, **files: str) -> None:
    host.repository.git("checkout", "--quiet", "main")
    host.repository.commit(name, {each.replace("__", "."): text for each, text in files.items()})
    host.repository.git("checkout", "--quiet", "main")


@pytest.fixture(scope="module")
def app(host: Host) -> str:
    """An app that is open; returns its password."""
    branch(host, "good", version="good")
    return host.open(1, "good")["password"]


def daemon_of(host: Host, number: int, part: str) -> psutil.Process:
    """Return the daemon of an app's `services` or `releases`."""
    folder = str(host.folder(number) / part)
    return next(p for p in psutil.process_iter() if f"review_apps.daemon {folder}" in command(p))


def test_a_release_that_leaves_a_daemon_neither_waits_for_it_nor_keeps_it(host: Host, app: str) -> None:
    """The daemon has a session of its own and keeps the output of the release open, for far longer than the test."""
    daemon = "import subprocess; subprocess.Popen(['setsid', 'sleep', '70077'])"
    branch(host, "leaving", release__py=daemon)
    host.open(2, "leaving")
    assert not [p for p in psutil.process_iter() if command(p) == "sleep 70077"]
    host.run("close", 2)


def test_a_quantity_has_a_ceiling(host: Host, app: str) -> None:
    formation = {"web": {"quantity": 1}, "worker": {"quantity": 12}}
    branch(host, "many", app__json=json.dumps({**MANIFEST, "formation": formation}))
    host.open(2, "many")
    assert set(host.processes(2)) == {"web.1", "worker.1", "worker.2", "worker.3"}
    assert "3 of 12 worker processes start" in host.run("logs", 2)
    host.run("close", 2)


def test_no_command_waits_for_the_release_of_another_app(host: Host, app: str) -> None:
    gate = host.home.parent / "gate"
    branch(host, "slow", release__py=f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.05)")
    opening = threading.Thread(target=host.open, args=(2, "slow"))
    opening.start()
    try:
        wait_until(lambda: (host.folder(2) / "releases" / "0001" / "venv").exists(), "the release of 2 is next")
        assert host.listed(2)["state"] == "incomplete"
        assert "is restarted" in host.run("restart", 1)
        assert host.get(1, **basic(app)).status == 200
    finally:
        gate.touch()
        opening.join()
    assert host.listed(2)["state"] == "running"
    host.run("close", 2)


@pytest.mark.parametrize("part", ["releases", "services"])
def test_an_app_heals_whichever_daemon_was_killed(host: Host, app: str, part: str) -> None:
    daemon_of(host, 1, part).kill()
    wait_until(lambda: host.listed(1)["state"] != "running", "it does not count as running")
    wait_until(lambda: host.listed(1)["state"] == "running", "the keeper starts it again", 120)
    assert host.get(1, **basic(app)).status == 200


def test_reconcile_starts_an_app_whose_redis_is_down(host: Host, app: str) -> None:
    daemon_of(host, 1, "services").kill()
    wait_until(lambda: host.listed(1)["state"] != "running", "it does not count as running")
    planned = host.run("reconcile", "--dry-run", 1)
    if planned:  # otherwise the keeper was faster
        assert planned == "pr-0001: start, it does not run\n"
    host.run("reconcile", 1)
    wait_until(lambda: host.listed(1)["state"] == "running", "it runs")


def test_a_first_deployment_that_fails_says_why_and_keeps_its_log(host: Host, app: str) -> None:
    branch(host, "unready", web__py="print('no module named flask', flush=True); raise SystemExit(3)")
    output = host.run("open", 3, "--branch", "unready", REPOSITORY_OPTION, host.repository.folder, fails=True)
    assert "its processes do not start" in output
    assert "no module named flask" in output
    host.wait_until_gone(3)
    kept = host.run("logs", 3)
    assert "could not be opened" in kept
    assert "web.1      | no module named flask" in kept
    assert re.search(r"failed at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \| its processes do not start", kept)
    host.open(3, "good")
    assert "could not be opened" not in host.run("logs", 3)
    host.run("close", 3)
    assert "pr-0003 is not open" in host.run("logs", 3, fails=True)


def test_a_log_that_cannot_be_kept_does_not_keep_the_app(host: Host, app: str) -> None:
    """As on a full disk, which the files of the app that could not be opened would keep full."""
    branch(host, "refused", release__py="raise SystemExit('no such table')")
    kept = host.home / "failures"
    in_the_way = kept.rename(kept.with_name("failures-before")) if kept.exists() else None
    kept.touch()
    try:
        output = host.run("open", 3, "--branch", "refused", REPOSITORY_OPTION, host.repository.folder, fails=True)
        assert "release (python release.py) failed with exit code 1" in output
        assert "Traceback" not in output
        host.wait_until_gone(3)
    finally:
        kept.unlink()
        if in_the_way:
            in_the_way.rename(kept)


def test_a_damaged_state_file_stops_no_other_app(host: Host, app: str) -> None:
    host.open(4, "good")
    (host.home / "apps" / "pr-0004.json").write_text("{")
    assert host.listed(4)["state"] == "damaged"
    assert host.listed(1)["state"] == "running"
    assert "is damaged" in host.run("update", 4, fails=True)
    assert host.run("reconcile", 1, 4) == ("pr-0004: left as it is, its file is damaged: close it and open it again\n")
    assert "pr-0004 is closed" in host.run("close", 4)
    host.wait_until_gone(4)
    assert host.get(1, **basic(app)).status == 200


def test_mistakes_are_one_line(host: Host, app: str) -> None:
    assert host.run("logs", 99, fails=True) == "pr-0099 is not open\n"
    branch(host, "mistaken", app__json=json.dumps({**MANIFEST, "formation": {"web": {"quantity": "many"}}}))
    output = host.run("open", 5, "--branch", "mistaken", REPOSITORY_OPTION, host.repository.folder, fails=True)
    assert "Traceback" not in output
    blocked = host.repository.folder / "version"
    assert host.run("--home", blocked, "list", fails=True) == f"{blocked}/settings.json: Not a directory\n"
    assert "app.json: formation.web.quantity must be a whole number" in output


def test_the_list_has_a_header_and_ages(host: Host, app: str) -> None:
    header, line = host.run("list").splitlines()
    assert header.split() == ["name", "state", "memory", "age", "updated", "url", "version"]
    assert re.match(r"pr-0001 +running +\d+ MB +\d+ (s|min) +\d+ (s|min) +http://pr-0001", line)
    described = host.show(1)
    (listed,) = json.loads(host.run("list", "--json"))
    assert listed.keys() == host.listed(1).keys() < described.keys()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", described["updated"])
    assert described["opened"][:4] == time.strftime("%Y", time.gmtime())


def test_opening_and_closing_show_progress(host: Host, app: str) -> None:
    opened = host.run("open", 6, "--branch", "good", REPOSITORY_OPTION, host.repository.folder)
    steps = ["building", "running the release command", "starting its processes", "running postdeploy", "serves"]
    assert [step for step in steps if step not in opened] == []
    closed = host.run("close", 6)
    assert [step for step in ("running pr-predestroy", "ending its processes", "removing") if step not in closed] == []
