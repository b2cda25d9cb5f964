"""The limits of each process of an app (review_apps/limits.py)."""

import os
import subprocess
import sys

import psutil
import pytest

from processes.termination import kill
from review_apps import limits
from tests.support.waiting import wait_until


def test_an_excess_of_processes_or_memory_is_described() -> None:
    me = psutil.Process()
    assert limits.excess([me], 100_000, 1000) == ""
    assert "of memory, more than 1" in limits.excess([me], 1, 1000)
    assert "processes, more than 0" in limits.excess([me], 100_000, 0)


def test_the_kernel_limits_what_a_daemon_starts() -> None:
    script = (
        "import subprocess; from review_apps import limits; limits.limit_this_process(100); subprocess.run(COMMAND)"
    )
    command = [sys.executable, "-c", script.replace("COMMAND", "['bash', '-c', 'ulimit -Hc; ulimit -v']")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", str(16 * 100 * 1024)]


def test_each_child_is_limited_together_with_its_descendants() -> None:
    nested = ["sh", "-c", "sleep 1000 & sleep 1000 & wait"]
    with subprocess.Popen(nested, start_new_session=True) as first, subprocess.Popen(["sleep", "1000"]) as second:
        try:
            parent = psutil.Process(first.pid)
            wait_until(lambda: len(parent.children()) == 2, "the shell starts its children")
            families = {pids[0]: len(pids) for pids in limits.Families(os.getpid()).look()}
            assert (families[first.pid], families[second.pid]) == (3, 1)
        finally:
            kill([*parent.children(), parent])
            second.kill()


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["sh", "-c", "sleep 30 & sleep 30 & wait"], "has 3 processes, more than 2: killed"),
        ([sys.executable, "-c", "kept = b'x' * (80 << 20); input()"], "MB of memory, more than 40: killed"),
    ],
)
def test_what_exceeds_a_limit_is_killed_with_all_that_it_started(command: list[str], reason: str) -> None:
    """In a process of its own, as every child of this one would be watched."""
    script = "import subprocess, sys; from review_apps import limits; limits._CHECK_SECONDS = 0.05\n"
    script += "watching = limits.watch(40, 2, print)\n"
    script += "code = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE).wait()\n"
    script += "watching.join(0.5)  # it still kills the children\nprint(code)"
    done = subprocess.run(
        [sys.executable, "-c", script, *command], capture_output=True, text=True, check=True, timeout=120
    )
    line, code = done.stdout.splitlines()
    assert (reason in line, code) == (True, "-9")
