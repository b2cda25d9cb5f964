"""What a request needs is loaded before it (app/web/warm_up.py)."""

import subprocess
import sys

# Each codec that the interpreter has not loaded needs a file descriptor, and there is none left.
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
    """Return how the script ends when it has called this first."""
    return subprocess.run([sys.executable, "-c", SCRIPT.format(call=call)], stderr=subprocess.DEVNULL).returncode


def test_codecs_work_when_no_file_may_be_opened() -> None:
    assert exit_code("") != 0
    assert exit_code("warm_up()") == 0
