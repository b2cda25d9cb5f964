"""Running several programs as one."""

import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from local.errors import LocalError
from local.supervisor import Program, StopRequestedError, Supervisor

SLEEP = "echo pid $$; exec sleep 60"
STUBBORN = f"trap '' TERM; {SLEEP}"
PARENT_OF_STUBBORN = f"sh -c \"trap '' TERM; echo pid \\$\\$; exec sleep 60\" & {SLEEP}"

Shell = Callable[..., Program]


def pids(terminal: io.StringIO) -> list[int]:
    return [int(number) for number in re.findall(r"\| pid (\d+)", terminal.getvalue())]


def test_each_line_begins_with_the_name_of_its_program(supervisor: Supervisor, terminal, shell: Shell) -> None:
    program = shell("first", "echo out; echo err >&2; exit 3")
    assert supervisor.run_to_end(program) == 3
    supervisor.stop()
    assert terminal.getvalue() == "first  | out\nfirst  | err\n"


def test_a_killed_program_is_restarted(supervisor: Supervisor, terminal, shell: Shell) -> None:
    supervisor.start(shell("first", SLEEP))
    supervisor.wait_for(lambda: pids(terminal), 30)
    os.kill(pids(terminal)[0], signal.SIGKILL)
    with pytest.raises(LocalError):
        supervisor.wait_for(lambda: False, 30)
    supervisor.wait_for(lambda: len(pids(terminal)) == 2, 30)
    assert "first was killed by SIGKILL; it restarts in 0.2 s" in terminal.getvalue()
    assert psutil.pid_exists(pids(terminal)[1])


def test_what_a_killed_program_leaves_behind_goes_before_its_restart(
    supervisor, terminal, shell: Shell, eventually, survivors
) -> None:
    supervisor.start(shell("first", PARENT_OF_STUBBORN))
    supervisor.wait_for(lambda: len(pids(terminal)) == 2, 30)
    leader = next(pid for pid in pids(terminal) if os.getsid(pid) == pid)
    left = next(psutil.Process(pid) for pid in pids(terminal) if pid != leader)
    os.kill(leader, signal.SIGKILL)
    with pytest.raises(LocalError):
        supervisor.wait_for(lambda: False, 30)
    eventually(lambda: not survivors([left]))


def test_a_program_that_keeps_failing_is_restarted_less_and_less_often(supervisor, terminal, shell: Shell) -> None:
    supervisor.start(shell("first", "exit 1"))
    for _ in range(3):
        with pytest.raises(LocalError):
            supervisor.wait_for(lambda: False, 30)
    assert re.findall(r"exit code 1; it restarts in (\S+) s", terminal.getvalue()) == ["0.2", "0.4", "0.8"]


def test_groups_stop_in_reverse_order(supervisor: Supervisor, terminal, shell: Shell) -> None:
    polite = "trap 'echo bye; exit' TERM; echo pid $$; while :; do sleep 0.01; done"
    supervisor.start(shell("first", polite))
    supervisor.start(shell("second", polite))
    supervisor.wait_for(lambda: len(pids(terminal)) == 2, 30)
    supervisor.stop()
    assert re.findall(r"(\w+) +\| bye", terminal.getvalue()) == ["second", "first"]


def test_stubborn_programs_and_their_children_are_killed_in_time(
    supervisor, terminal, shell: Shell, eventually, survivors
) -> None:
    supervisor.start(shell("first", PARENT_OF_STUBBORN, 0.3), shell("second", STUBBORN, 0.3))
    supervisor.wait_for(lambda: len(pids(terminal)) == 3, 30)
    processes = [psutil.Process(pid) for pid in pids(terminal)]
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 2
    eventually(lambda: not survivors(processes))


def test_a_program_that_dies_early_fails_the_start(supervisor: Supervisor, shell: Shell) -> None:
    supervisor.start(shell("first", "exit 1"))
    with pytest.raises(LocalError, match="does not start"):
        supervisor.wait_for(lambda: False, 30)


def test_waiting_ends_in_time(supervisor: Supervisor) -> None:
    with pytest.raises(LocalError, match="not ready after 0 seconds"):
        supervisor.wait_for(lambda: False, 0.2)


def test_a_signal_ends_the_waiting_and_the_program_that_was_waited_for(supervisor, terminal, shell: Shell) -> None:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    supervisor.handle_signals()
    try:
        with pytest.raises(StopRequestedError):
            supervisor.run_to_end(shell("first", f"kill {os.getpid()}; {SLEEP}"))
        supervisor.run()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def test_programs_go_down_with_a_killed_supervisor(tmp_path: Path, eventually, survivors) -> None:
    source = f"""
import os, sys
from local.output import Printer
from local.supervisor import *
from local.tether import tethered
supervisor = Supervisor(Printer(sys.stdout, ["first"]))
supervisor.start(Program("first", tethered(["sh", "-c", {SLEEP!r}], signal.SIGTERM), 1.0))
supervisor.run()
"""
    killed = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True)
    line = killed.stdout.readline()
    child = psutil.Process(int(line.split()[-1]))
    killed.kill()
    killed.communicate()
    eventually(lambda: not survivors([child]))
