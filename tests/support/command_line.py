"""The operator's command line as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def flask(*words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a command with these settings alone."""
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **settings}
    command = [sys.executable, "-m", "flask", "--app", "app", *words]
    return subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, timeout=120)
