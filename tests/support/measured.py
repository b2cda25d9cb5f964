"""Coverage of the tests that run the service in their own process, and of nothing around them.

To trace what a process does makes it slower by half, and most tests are guards, clients and services apart.
"""

import pkgutil
from collections.abc import Generator, Iterable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest
from coverage import Coverage

import app
import worker

_TESTS: Final = Path(__file__).parents[1]
_MEASURED: Final = frozenset({"app", "contract", "journeys", "worker"})
# The record of what was run takes memory, too.
_NEVER: Final = _TESTS / "app" / "test_memory.py"


class Measuring:
    """A plugin that interrupts the coverage, if it is measured, while the tests are collected and outside of some."""

    def __init__(self) -> None:
        self._coverage: Coverage | None = None
        self._runs = False

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """Let nothing be traced but the first import of what is measured, with which everything in it is defined."""
        if Coverage.current() is not None:
            _import_all([app, worker])
        # There may be two, of which the one that was started later is the one that is reported.
        while (running := Coverage.current()) is not None:
            self._coverage = self._coverage or running
            running.stop()
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Go on in the folders whose tests are measured."""
        self._let_run(item.path.relative_to(_TESTS).parts[0] in _MEASURED and item.path != _NEVER)

    def _let_run(self, wanted: bool) -> None:
        if self._coverage is None or wanted == self._runs:
            return
        if wanted:
            self._coverage.start()
        else:
            self._coverage.stop()
        self._runs = wanted


def _import_all(packages: Iterable[ModuleType]) -> None:
    for package in packages:
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            import_module(module.name)
