"""What runs where: a moment of races, faults and deploys in every test run, and long ones in `make torture`.

Tests that start whole services to see what cheaper ones have nearly shown run in continuous integration, and with
`CI=1 make test`.
"""

import os
from typing import Final, TypeVar

import pytest

TORTURE: Final = os.environ.get("TORTURE") == "1"
CI: Final = os.environ.get("CI", "") not in ("", "0", "false")

_T = TypeVar("_T")

only_in_ci = pytest.mark.skipif(not (TORTURE or CI), reason="starts whole services: CI=1 make test runs it")
only_in_torture = pytest.mark.skipif(not TORTURE, reason="takes long: make torture runs it")


def times(quick: _T, long: _T) -> _T:
    """Return how often, or with what, to do something."""
    return long if TORTURE else quick
