"""The report of the fault tests."""

import pytest

from tests.faults.storm import ROWS, table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of faults and of what clients saw."""
    if ROWS:
        terminalreporter.section("faults")
        terminalreporter.write(table())
