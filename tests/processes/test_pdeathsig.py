"""Commands that end with their parent (processes/pdeathsig.py)."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from processes import pdeathsig
from processes.errors import ProcessError
from processes.pdeathsig import User, with_pdeathsig, without_privileges
from tests.support.waiting import wait_until


@pytest.fixture
def without_setpriv(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host on which setpriv is busybox's, or missing."""
    monkeypatch.setattr(pdeathsig, "_setpriv", lambda: None)


def test_the_command_ends_with_its_parent(survivors) -> None:
    source = (
        "import os, signal, subprocess; from processes.pdeathsig import with_pdeathsig;"
        "child = subprocess.Popen(with_pdeathsig(['sleep', '1000'], signal.SIGKILL));"
        "print(child.pid, flush=True); os.read(0, 1)"
    )
    with subprocess.Popen([sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        wait_until(lambda: child.name() == "sleep", "the command becomes its program")
        parent.kill()
    wait_until(lambda: not survivors([child]), "the command ends with its parent")
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_a_command_whose_parent_died_before_it_asked_for_the_signal_runs_nothing(tmp_path: Path) -> None:
    other_parent = psutil.Process().ppid()
    command = with_pdeathsig(["touch", str(tmp_path / "ran")], signal.SIGTERM)
    position = command.index("touch") - 1
    done = subprocess.run([*command[:position], str(other_parent), *command[position + 1 :]], check=False)
    assert done.returncode == 1
    assert not (tmp_path / "ran").exists()


def test_arguments_reach_the_program_unchanged() -> None:
    arguments = ["a b", "$HOME", "", "--", "'\"\n"]
    command = with_pdeathsig(["printf", "%s|", *arguments], signal.SIGTERM)
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "|".join([*arguments, ""])


def test_a_program_that_does_not_exist_is_one_clear_line() -> None:
    command = with_pdeathsig(["/no/such/program"], signal.SIGTERM)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 127
    assert "/no/such/program: not found" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_host_without_util_linux_runs_the_program_itself(without_setpriv: None) -> None:
    assert with_pdeathsig(["program", "argument"], signal.SIGTERM) == ["program", "argument"]


def test_a_host_without_util_linux_cannot_change_user(without_setpriv: None) -> None:
    with pytest.raises(ProcessError, match="install util-linux"):
        with_pdeathsig(["program"], signal.SIGTERM, User(65534, 65534))


def test_a_setpriv_without_pdeathsig_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    busybox = tmp_path / "setpriv"
    busybox.write_text("#!/bin/sh\necho 'Usage: setpriv [OPTIONS] PROG [ARGS]' >&2; exit 1\n")
    busybox.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pdeathsig._setpriv.__wrapped__() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change user")
@pytest.mark.parametrize(("mode", "code"), [(0o711, 0), (0o700, 126)])
def test_a_program_in_a_folder_closed_to_the_user_does_not_start(mode: int, code: int) -> None:
    with tempfile.TemporaryDirectory() as name:  # not one of pytest, which are closed to every other user
        program = shutil.copy("/bin/true", Path(name) / "program")
        Path(name).chmod(mode)
        done = subprocess.run([*without_privileges(41_998), program], cwd="/", capture_output=True)
    assert done.returncode == code
