"""A disk that becomes full."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[bool]:
    """Mount a disk of its own at a folder; yield whether this user may. `options`: such as `size=1m,mode=777`."""
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
    is_mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", folder], check=True)
