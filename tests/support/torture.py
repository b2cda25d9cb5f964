"""How long the harnesses of races, faults and deploys run: a moment in every test run, long in `make torture`."""

import os
from typing import Final

import pytest

TORTURE: Final = os.environ.get("TORTURE") == "1"

only_in_torture = pytest.mark.skipif(not TORTURE, reason="takes long: make torture runs it")


def times(quick: int, long: int) -> int:
    """Return how often to do something."""
    return long if TORTURE else quick
