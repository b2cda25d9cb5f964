"""Running several programs (processes/supervisor.py)."""

import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable

import psutil
import pytest

from processes.errors import ProcessError
from processes.supervisor import Program, StopRequestedError, Supervisor
from tests.support.waiting import wait_until

SLEEP = "echo pid $$; exec sleep 60"
IGNORES_SIGTERM = f"trap '' TERM; {SLEEP}"
CHILD_IGNORES_SIGTERM = f"sh -c \"trap '' TERM; echo pid \\$\\$; exec sleep 60\" & {SLEEP}"

Shell = Callable[..., Program]


def pids(terminal: io.StringIO) -> list[int]:
    return [int(number) for number in re.findall(r"\| pid (\d+)", terminal.getvalue())]


def test_each_line_begins_with_the_name_of_its_program(supervisor: Supervisor, terminal, shell: Shell) -> None:
    program = shell("first", "echo out; echo err >&2; exit 3")
    assert supervisor.run_to_end(program) == 3
    supervisor.stop()
    assert terminal.getvalue() == "first      | out\nfirst      | err\n"


def test_a_killed_program_is_restarted(supervisor: Supervisor, terminal, shell: Shell) -> None:
    supervisor.start(shell("first", SLEEP))
    supervisor.wait_for(lambda: pids(terminal), 120)
    os.kill(pids(terminal)[0], signal.SIGKILL)
    with pytest.raises(ProcessError):
        supervisor.wait_for(lambda: False, 120)
    supervisor.wait_for(lambda: len(pids(terminal)) == 2, 120)
    assert "first was killed by SIGKILL; restart in 0.2 s" in terminal.getvalue()
    assert psutil.pid_exists(pids(terminal)[1])


def test_children_of_a_killed_program_end_before_its_restart(supervisor, terminal, shell: Shell, survivors) -> None:
    supervisor.start(shell("first", CHILD_IGNORES_SIGTERM))
    supervisor.wait_for(lambda: len(pids(terminal)) == 2, 120)
    leader = next(pid for pid in pids(terminal) if os.getsid(pid) == pid)
    left = next(psutil.Process(pid) for pid in pids(terminal) if pid != leader)
    os.kill(leader, signal.SIGKILL)
    with pytest.raises(ProcessError):
        supervisor.wait_for(lambda: False, 120)
    wait_until(lambda: not survivors([left]), "the child of the killed program ends")


def test_the_pause_before_a_restart_doubles_while_a_program_keeps_failing(supervisor, terminal, shell: Shell) -> None:
    supervisor.start(shell("first", "exit 1"))
    for _ in range(3):
        with pytest.raises(ProcessError):
            supervisor.wait_for(lambda: False, 120)
    assert re.findall(r"exit code 1; restart in (\S+) s", terminal.getvalue()) == ["0.2", "0.4", "0.8"]


def test_groups_stop_in_reverse_order(supervisor: Supervisor, terminal, shell: Shell) -> None:
    polite = "trap 'echo bye; exit' TERM; echo pid $$; while :; do sleep 0.01; done"
    supervisor.start(shell("first", polite))
    supervisor.start(shell("second", polite))
    supervisor.wait_for(lambda: len(pids(terminal)) == 2, 120)
    supervisor.stop()
    assert re.findall(r"(\w+) +\| bye", terminal.getvalue()) == ["second", "first"]


def test_programs_that_ignore_sigterm_and_their_children_are_killed(
    supervisor, terminal, shell: Shell, survivors
) -> None:
    supervisor.start(shell("first", CHILD_IGNORES_SIGTERM, 0.3), shell("second", IGNORES_SIGTERM, 0.3))
    supervisor.wait_for(lambda: len(pids(terminal)) == 3, 120)
    processes = [psutil.Process(pid) for pid in pids(terminal)]
    supervisor.stop()
    assert len(processes) == 3
    wait_until(lambda: not survivors(processes), "all programs and their children end")


def test_a_program_that_dies_early_fails_the_start(supervisor: Supervisor, shell: Shell) -> None:
    supervisor.start(shell("first", "exit 1"))
    with pytest.raises(ProcessError, match="does not start"):
        supervisor.wait_for(lambda: False, 120)


def test_waiting_ends_after_its_seconds(supervisor: Supervisor) -> None:
    with pytest.raises(ProcessError, match="not ready after 0 seconds"):
        supervisor.wait_for(lambda: False, 0.2)


def test_a_signal_ends_the_wait_and_the_program_that_was_waited_for(supervisor, shell: Shell) -> None:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    supervisor.handle_signals()
    try:
        with pytest.raises(StopRequestedError):
            supervisor.run_to_end(shell("first", f"kill {os.getpid()}; {SLEEP}"))
        supervisor.run()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def test_programs_end_when_their_supervisor_is_killed(survivors) -> None:
    source = f"""
import os, sys
from processes.output import Printer
from processes.supervisor import *
from processes.pdeathsig import with_pdeathsig
supervisor = Supervisor(Printer(sys.stdout, ["first"]))
supervisor.start(Program("first", with_pdeathsig(["sh", "-c", {SLEEP!r}], signal.SIGTERM), 1.0))
supervisor.run()
"""
    killed = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True)
    line = killed.stdout.readline()
    child = psutil.Process(int(line.split()[-1]))
    killed.kill()
    killed.communicate()
    wait_until(lambda: not survivors([child]), "the program of the killed supervisor ends")
