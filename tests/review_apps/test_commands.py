"""The commands for an app that is open, and those for the host."""

import dataclasses
import re
import subprocess
import sys
import threading
import time

import pytest

from review_apps import shell_completion
from review_apps.parser import make_parser
from review_apps.settings import Settings
from review_apps.state import Store
from tests.guards.source import ROOT
from tests.review_apps.host import Host, basic
from tests.review_apps.small_app import echoed
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def app(host: Host) -> str:
    """An app that is open; returns its password."""
    return host.open(1, "main")["password"]


def variables(host: Host, password: str) -> dict[str, str]:
    environment: dict[str, str] = echoed(host.get(1, **basic(password)).body)["environment"]
    return environment


def test_run_has_the_variables_and_the_folder_of_the_app(host: Host, app: str) -> None:
    output = host.run("run", 1, "--", "sh", "-c", "echo $DYNO $GREETING; cat version; exit 0")
    assert output == "run.1 hello\n1"
    assert host.run("run", 1, "--", "python", "-c", "import os; print(os.environ['PORT'])").strip().isdigit()
    assert "nowhere: No such file" in host.run("run", 1, "--", "nowhere", fails=True)
    assert "pr-0009 is not open" in host.run("run", 9, "--", "true", fails=True)


def test_config_sets_variables_and_keeps_the_old_ones_if_the_app_does_not_start(host: Host, app: str) -> None:
    assert host.run("config", 1) == ""
    assert "GREETING=bonjour\n" in host.run("config", 1, "set", "GREETING=bonjour", "EXTRA=a=b")
    assert (variables(host, app)["GREETING"], variables(host, app)["EXTRA"]) == ("bonjour", "a=b")
    assert "'7=x' is not NAME=VALUE" in host.run("config", 1, "set", "7=x", fails=True)
    host.run("config", 1, "unset", "EXTRA")
    assert "EXTRA" not in variables(host, app)
    host.run("config", 1, "set", "SECRET=", "PATH_TO=x")
    host.run("config", 1, "unset", "SECRET", "PATH_TO")
    # The release fails with this one.
    assert "failed" in host.run("config", 1, "set", "PYTHONHOME=/nowhere", fails=True)
    assert host.run("config", 1) == "GREETING=bonjour\n"
    assert variables(host, app)["GREETING"] == "bonjour"


def test_a_restart_replaces_every_process(host: Host, app: str) -> None:
    before = host.processes(1)
    assert host.run("restart", 1) == "pr-0001 is restarted\n"
    after = host.processes(1)
    assert set(after) == set(before)
    assert not set(after.values()) & set(before.values())


def test_an_app_expires(host: Host, app: str) -> None:
    host.open(2, "main")
    assert re.search(r"after \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", host.run("expire", 2, "8h"))
    assert host.run("reconcile", 1, 2) == ""
    store = Store(host.home)
    state = store.load(2)
    assert state is not None
    assert abs(state.expires - time.time() - 8 * 3600) < 600
    assert "not updated for 7 days" in host.run("expire", 2, "never")
    assert "neither hours or days" in host.run("expire", 2, "soon", fails=True)
    state.expires = time.time() - 1
    store.save(state)
    assert "pr-0002: closed, its time is over" in host.run("reconcile", 1, 2)


def test_logs_can_be_followed(host: Host, app: str) -> None:
    """Also after the log was renamed because it was full."""
    log, stop = host.folder(1) / "log", threading.Event()

    def append(name: str) -> None:
        while not stop.wait(0.05):
            with log.open("a") as file:
                file.write(f"web.1 | {name}\n")

    command = [sys.executable, "-m", "review_apps", "--home", str(host.home), "logs", "1", "--lines", "1", "--follow"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        try:
            for name in ("before", "after"):
                stop.clear()
                writer = threading.Thread(target=append, args=(name,))
                writer.start()
                while following.stdout.readline() != f"web.1 | {name}\n":
                    pass
                stop.set()
                writer.join()
                log.replace(log.with_name("log.1"))
        finally:
            stop.set()
            following.terminate()


def test_after_a_reboot_start_starts_what_ran(host: Host, app: str) -> None:
    host.open(3, "main")
    host.run("sleep", 3)
    leaders = [process.parent() for process in host.processes(1).values()][:1]
    for leader in leaders:
        assert leader is not None
        leader.kill()
    wait_until(lambda: host.processes(1) == {}, "the processes end with their daemon")
    host.run("start")
    assert host.listed(1)["state"] == "running"
    assert host.listed(3)["state"] == "asleep"
    host.run("close", 3)


def test_completion_knows_commands_options_and_numbers(host: Host, app: str) -> None:
    script = host.run("completion", "bash")
    assert script == shell_completion.script("bash", host.home)
    ask = 'COMP_WORDS=({}); COMP_CWORD={}; _review_app; echo "${{COMPREPLY[@]}}"'
    asked = [("review-app re", 1), ("review-app logs ''", 2), ("review-app open 12 --bra", 3)]
    lines = "\n".join(ask.format(words, position) for words, position in asked)
    done = subprocess.run(["bash", "-c", script + lines], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["restart reconcile", "1", "--branch"]


def test_every_command_is_documented(host: Host) -> None:
    documented = (ROOT / "docs" / "review-apps.md").read_text()
    (commands,) = (action.choices for action in make_parser()._actions if hasattr(action.choices, "items"))
    assert [name for name in commands if f"`{name} " not in documented and f"`{name}`" not in documented] == []


def test_every_setting_is_documented(host: Host) -> None:
    documented = (ROOT / "docs" / "review-apps.md").read_text()
    names = [each.name for each in dataclasses.fields(Settings) if each.name != "home"]
    assert [name for name in names if f"`{name}`" not in documented] == []
