"""Running a command once (processes/one_off.py, processes/reaper.py)."""

import contextlib
import os
import threading
import time
from pathlib import Path

import psutil
import pytest

from processes.one_off import run_once
from tests.support.waiting import wait_until


class Ran:
    """A command of a shell that was run once: its exit code, its output and how long it took."""

    def __init__(self, line: str, seconds: float = 60) -> None:
        self.lines: list[str] = []
        began = time.monotonic()
        self.code = run_once(["sh", "-c", line], Path("/"), dict(os.environ), seconds, self.lines.append)
        self.seconds = time.monotonic() - began


def is_gone(pid: str) -> bool:
    try:
        return psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_command_gives_its_lines_and_its_exit_code() -> None:
    ran = Ran("echo out; echo err >&2; exit 3")
    assert (ran.code, ran.lines) == (3, ["out", "err"])
    assert Ran("kill -9 $$").code == 137
    assert run_once(["/nowhere"], Path("/"), {}, 60, ran.lines.append) == 127


@pytest.mark.parametrize(
    "start", ["sleep 60077 &", "setsid sleep 60077 &", "setsid sh -c 'sleep 60077 & sleep 60077' &"]
)
def test_daemons_that_a_command_leaves_are_ended_and_not_waited_for(start: str) -> None:
    """A daemon in a session of its own that keeps the output open; 60077 s are far more than the test may take."""
    ran = Ran(f"{start} echo $!; sleep 0.2")
    assert ran.code == 0
    assert ran.seconds < 300
    assert is_gone(ran.lines[0])
    assert not [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "60077"]]


def test_a_command_that_takes_too_long_is_ended_with_its_daemons() -> None:
    ran = Ran("setsid sleep 601 & echo $!; trap '' TERM; exec sleep 602", seconds=0.5)
    assert ran.code == 124
    assert ran.lines[1:] == ["ended after 0.5 seconds"]
    assert is_gone(ran.lines[0])


def test_it_ends_with_the_thread_that_runs_it() -> None:
    lines: list[str] = []
    thread = threading.Thread(
        target=run_once, args=(["sh", "-c", "echo $$; exec sleep 603"], Path("/"), dict(os.environ), 60, lines.append)
    )
    thread.start()
    wait_until(lambda: lines, "the command runs")
    reaper = psutil.Process(int(lines[0])).parent()
    assert reaper is not None
    reaper.terminate()
    thread.join(60)
    assert is_gone(lines[0])


def test_signals_that_follow_the_first_leave_nothing_running() -> None:
    lines: list[str] = []
    daemons = "for i in $(seq 40); do setsid sleep 604 & echo $!; done; trap '' TERM; wait"
    thread = threading.Thread(
        target=run_once, args=(["sh", "-c", daemons], Path("/"), dict(os.environ), 60, lines.append)
    )
    thread.start()
    wait_until(lambda: len(lines) == 40, "the daemons run")
    reaper = psutil.Process(int(lines[0])).parent().parent()
    while thread.is_alive():
        with contextlib.suppress(psutil.NoSuchProcess):
            reaper.terminate()
        thread.join(0.001)
    assert [pid for pid in lines if not is_gone(pid)] == []
