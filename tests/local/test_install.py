"""`bin/install` makes .venv: what prevents it is one line."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for an environment, and not for pip."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this user may not mount a disk")
    yield tmp_path
    subprocess.run(["umount", "--lazy", tmp_path], check=True)


def test_a_full_disk_is_one_line_with_the_cause(small_disk: Path) -> None:
    (small_disk / "bin").mkdir()
    shutil.copy(ROOT / "bin" / "install", small_disk / "bin")
    environment = {"PATH": os.defpath, "HOME": str(small_disk)}
    done = subprocess.run([small_disk / "bin" / "install"], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith(f"pip cannot be installed into {small_disk}/.venv: ")
    assert done.stderr.endswith("No space left on device\n")
    assert done.stderr.count("\n") == 1
