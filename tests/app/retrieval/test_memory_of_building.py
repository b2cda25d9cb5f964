"""An archive is streamed from the database to its file: five times as many keys take no more memory."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from bench.stock import add_keys
from tests.support.building import builder_process
from tests.support.memory import MIB
from tests.support.service import Service

# The first archive is there for what a process loads and keeps when it builds for the first time.
KEYS: Final = (12_000, 12_000, 60_000)
# Held together, 48,000 keys more are 1.9 MiB, and their compressed archive is 0.8 MiB.
BOUND: Final = MIB // 2


@pytest.fixture
def service(make_service: Callable[..., Service], tmp_path: Path) -> Iterator[Service]:
    """A service whose archives are files of a folder. Its keys would delay the tests after this one."""
    service = make_service(PUBLISH_ACTIVE_KEYS="true", ARCHIVE_FILES=f"file://{tmp_path}")
    yield service
    service.execute("TRUNCATE diagnosis_keys")


def test_five_times_as_many_keys_take_no_more_memory(service: Service, database_url: str, tmp_path: Path) -> None:
    days = [service.today - back for back in range(1, len(KEYS) + 1)]
    for day, count in zip(days, KEYS, strict=True):
        add_keys(database_url, day, count, service.today)
    with builder_process(service, "measure", *map(str, days)) as builder:
        _, few, many = (int(line) for line in builder.communicate()[0].split())
    sizes = sorted(path.stat().st_size for path in tmp_path.iterdir())
    assert sizes[-1] > 4 * sizes[0]
    assert many - few < BOUND, f"{few / MIB:.1f} MiB, and then {many / MIB:.1f}"
