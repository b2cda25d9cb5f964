"""The settings of a host for tests, and its processes without systemd."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.host.settings import ALL_SURFACES, HostSettings, read_settings

ROOT = Path(__file__).parents[2]

NAMES = {surface: f"{surface}.example.org" for surface in ALL_SURFACES}
LINES = {
    "SURFACES": ",".join(ALL_SURFACES),
    **{f"{surface.upper()}_NAME": name for surface, name in NAMES.items()},
    "HEALTH_AUTHORITY": "ON",
    "SOURCE": "/source.git",
    "ACME_EMAIL": "operator@example.org",
    "MAIL_URL": "smtp://127.0.0.1:1",
    "MAIL_FROM": "portal@example.org",
    "ALARM_WEBHOOK": "https://alarms.example.org/",
}


def write_settings(file: Path, **lines: str) -> Path:
    """Write a settings file of a host."""
    file.write_text("".join(f"{name}={value}\n" for name, value in (LINES | lines).items()))
    return file


def host_settings(folder: Path, **lines: str) -> HostSettings:
    """Return the settings of a host."""
    return read_settings(write_settings(folder / "host.conf", **lines))


def environment(values: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process that has only these settings."""
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}"
    return {"PATH": path, "HOME": os.environ.get("HOME", "/"), "PYTHONUNBUFFERED": "1", **values}


@contextmanager
def process(argv: list[str], values: Mapping[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a process of the service until the end of the block; its output goes to a file."""
    with log.open("ab") as out:
        running = subprocess.Popen(argv, cwd=ROOT, env=environment(values), stdout=out, stderr=subprocess.STDOUT)
    try:
        yield running
    finally:
        running.terminate()
        running.wait(60)
