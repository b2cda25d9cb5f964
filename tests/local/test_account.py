"""The user that PostgreSQL runs as."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.account import account_for
from local.errors import LocalError
from local.tether import Account, tethered

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
    assert account_for(folder / "data", str(folder / "program")) is None


@as_root
def test_root_runs_it_as_nobody_without_privileges_where_that_is_enough(folder: Path) -> None:
    account = account_for(folder / "data", str(folder / "program"))
    assert account == Account(pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)
    assert (folder / "data").owner() == "nobody"


@as_root
def test_root_keeps_one_capability_in_a_folder_that_only_root_may_enter(folder: Path) -> None:
    folder.chmod(0o700)
    account = account_for(folder / "data", str(folder / "program"))
    assert account is not None
    assert account.reads_everything
    command = tethered(["/bin/grep", "-E", "^(Uid|CapEff)", "/proc/self/status"], signal.SIGKILL, account)
    status = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert status[1:5] == [str(account.uid)] * 4
    assert int(status[-1], 16) == 1 << 1  # CAP_DAC_OVERRIDE


@as_root
def test_the_owner_of_the_data_goes_on_running_it(folder: Path) -> None:
    os.chown(folder / "data", 12345, 12346)
    assert account_for(folder / "data", str(folder / "program")) == Account(12345, 12346)


@as_root
def test_a_program_that_nobody_can_reach_is_one_clear_line(folder: Path) -> None:
    with pytest.raises(LocalError, match=r"cannot reach .*: move this folder where every user may enter"):
        account_for(folder / "data", str(folder / "missing"))


def test_a_command_that_does_not_exist_says_so() -> None:
    done = subprocess.run(tethered(["/no/such/program"], signal.SIGTERM), capture_output=True, text=True, check=False)
    assert done.returncode == 126
    assert done.stderr.startswith("cannot run /no/such/program")
