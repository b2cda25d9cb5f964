"""Modules are loaded before the first request (app/web/warm_up.py)."""

import subprocess
import sys

# Each codec that is not loaded yet needs a file descriptor, and none is left.
SCRIPT = """
import os, resource
from app.web.warm_up import warm_up
{call}
os.listdir("/proc/self/fd")
lowest_free = os.dup(0)
os.close(lowest_free)
resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, lowest_free))
"example.org".encode("idna")
"example.org".encode("punycode")
"""


def exit_code(call: str) -> int:
    """Return the exit code of the script after this call."""
    return subprocess.run([sys.executable, "-c", SCRIPT.format(call=call)], stderr=subprocess.DEVNULL).returncode


def test_codecs_work_without_free_file_descriptors() -> None:
    assert exit_code("") != 0
    assert exit_code("warm_up()") == 0
