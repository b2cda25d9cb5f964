"""The report of the fault tests."""

from pathlib import Path

import pytest

from tests.faults.storm import ROWS, table

_report: Path | None = None


@pytest.fixture(scope="session", autouse=True)
def report(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Choose the path of the report."""
    global _report
    _report = tmp_path_factory.getbasetemp() / "faults.md"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print and write the table of faults and of what clients saw."""
    if not ROWS or _report is None:
        return
    _report.write_text(table())
    terminalreporter.section("faults")
    terminalreporter.write(table())
    terminalreporter.write_line(f"also in {_report}")
