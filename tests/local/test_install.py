"""`bin/install` makes .venv: what prevents it is one line."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.small_disk import small_disk

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for an environment, and not for pip."""
    with small_disk(tmp_path, "size=4m") as is_mounted:
        if not is_mounted:
            pytest.skip("this user may not mount a disk")
        yield tmp_path


def test_a_full_disk_is_one_line_with_the_cause(full_disk: Path) -> None:
    (full_disk / "bin").mkdir()
    shutil.copy(ROOT / "bin" / "install", full_disk / "bin")
    environment = {"PATH": os.defpath, "HOME": str(full_disk)}
    done = subprocess.run([full_disk / "bin" / "install"], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith(f"pip cannot be installed into {full_disk}/.venv: ")
    assert done.stderr.endswith("No space left on device\n")
    assert done.stderr.count("\n") == 1
