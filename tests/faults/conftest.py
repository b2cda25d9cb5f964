"""The service that is to endure, and the report of how it did."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.storm import ROWS, table
from tests.support.stack import Stack, running
from tests.support.torture import TORTURE

_report: Path | None = None


@pytest.fixture(scope="session")
def archive_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path | None]:
    """A disk of one megabyte of its own, for archives; None where this user may not mount one."""
    folder = tmp_path_factory.mktemp("disk")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=777", "tmpfs", folder], capture_output=True)
    if not TORTURE or mounted.returncode != 0:
        subprocess.run(["umount", folder], capture_output=True, check=False)
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, archive_disk: Path | None) -> Iterator[Stack]:
    """The service as `python -m local` runs it. Archives age fast and purges are frequent, so that faults show soon."""
    global _report
    _report = tmp_path_factory.getbasetemp() / "faults.md"
    settings = {
        "WEB_CONCURRENCY": "2",
        "TRUSTED_PROXIES": "1",
        "RATE_LIMITS": "off",
        "PUBLISH_ACTIVE_KEYS": "true",
        "EXPORT_MAX_AGE_SECONDS": "3",
        "WORKER_EXPIRATION_INTERVAL": "1",
        "ARCHIVE_FILES": f"file://{archive_disk}" if archive_disk else "database",
    }
    with running(tmp_path_factory.mktemp("stack"), **settings) as stack:
        yield stack


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write the table of what was injected and what clients saw, and say where."""
    if not ROWS or _report is None:
        return
    _report.write_text(table())
    terminalreporter.section("faults")
    terminalreporter.write(table())
    terminalreporter.write_line(f"also in {_report}")
