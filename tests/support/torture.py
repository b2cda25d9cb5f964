"""Which tests run where: in every test run, only in continuous integration, or only at night.

Tests that start whole services to confirm what cheaper tests nearly show run in continuous integration, and with
`CI=1 make test`. Variants of those, and the long forms of races and deployments, run in `make torture`.
"""

import os
from typing import Final, TypeVar

import pytest

TORTURE: Final = os.environ.get("TORTURE") == "1"
CI: Final = os.environ.get("CI", "") not in ("", "0", "false")

_T = TypeVar("_T")

only_in_ci = pytest.mark.skipif(not (TORTURE or CI), reason="starts whole services: CI=1 make test runs it")
only_in_torture = pytest.mark.skipif(not TORTURE, reason="takes long: make torture runs it")
both_servers = pytest.mark.parametrize("server", ["granian", pytest.param("gunicorn", marks=only_in_torture)])


def times(quick: _T, long: _T) -> _T:
    """Return `quick`, or `long` in `make torture`."""
    return long if TORTURE else quick
