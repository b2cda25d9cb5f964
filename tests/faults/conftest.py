"""The report of how the service endured."""

from pathlib import Path

import pytest

from tests.faults.storm import ROWS, table

_report: Path | None = None


@pytest.fixture(scope="session", autouse=True)
def report(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Choose where the report is written."""
    global _report
    _report = tmp_path_factory.getbasetemp() / "faults.md"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write the table of what was injected and what clients saw, and say where."""
    if not ROWS or _report is None:
        return
    _report.write_text(table())
    terminalreporter.section("faults")
    terminalreporter.write(table())
    terminalreporter.write_line(f"also in {_report}")
