"""How long the harnesses of races, faults and deploys run: a moment in every test run, long in `make torture`."""

import os
from typing import Final, TypeVar

import pytest

TORTURE: Final = os.environ.get("TORTURE") == "1"

_T = TypeVar("_T")

only_in_torture = pytest.mark.skipif(not TORTURE, reason="takes long: make torture runs it")


def times(quick: _T, long: _T) -> _T:
    """Return how often, or with what, to do something."""
    return long if TORTURE else quick
