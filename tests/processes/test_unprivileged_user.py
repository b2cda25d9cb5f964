"""The user that embedded servers run as (processes/unprivileged_user.py)."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from processes.errors import ProcessError
from processes.pdeathsig import User, with_pdeathsig
from processes.unprivileged_user import unprivileged_user

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes user")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter, with a program in it."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    shutil.copy("/bin/echo", folder / "program")
    (folder / "data").mkdir(mode=0o700)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="root changes user")
def test_an_ordinary_user_runs_it_as_itself(folder: Path) -> None:
    assert unprivileged_user(folder / "data", str(folder / "program")) is None


@as_root
def test_root_runs_it_as_nobody_without_privileges_where_that_is_enough(folder: Path) -> None:
    user = unprivileged_user(folder / "data", str(folder / "program"))
    assert user == User(pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)
    assert (folder / "data").owner() == "nobody"


@as_root
def test_root_keeps_one_capability_in_a_folder_that_only_root_may_enter(folder: Path) -> None:
    folder.chmod(0o700)
    user = unprivileged_user(folder / "data", str(folder / "program"))
    assert user is not None
    assert user.dac_override
    command = with_pdeathsig(["/bin/grep", "-E", "^(Uid|CapEff)", "/proc/self/status"], signal.SIGKILL, user)
    status = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert status[1:5] == [str(user.uid)] * 4
    assert int(status[-1], 16) == 1 << 1  # CAP_DAC_OVERRIDE


@as_root
def test_the_owner_of_the_data_goes_on_running_it(folder: Path) -> None:
    os.chown(folder / "data", 12345, 12346)
    assert unprivileged_user(folder / "data", str(folder / "program")) == User(12345, 12346)


@as_root
def test_a_program_that_cannot_be_reached_is_one_clear_line(folder: Path) -> None:
    with pytest.raises(ProcessError, match=r"cannot reach .*: move this folder where every user may enter"):
        unprivileged_user(folder / "data", str(folder / "missing"))
