"""The public server's database with rows of its own, and a service of the present that they are brought over to."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from click.testing import Result
from nacl.public import PrivateKey

from tests.support.mariadb import PublicServer
from tests.support.service import Phone, Service
from tests.support.settings import TOKEN

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def public_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PublicServer]:
    """A MariaDB with the public server's tables."""
    with PublicServer(tmp_path_factory.mktemp("mariadb")) as server:
        yield server


@pytest.fixture
def public(public_server: PublicServer) -> PublicServer:
    """The same, with empty tables."""
    public_server.empty()
    return public_server


@pytest.fixture
def here(make_service: Callable[..., Service]) -> Service:
    """This service. Its clock shows the real time, which is what commands go by."""
    service = make_service(EXPORT_MAX_AGE_SECONDS="0", PUBLISH_ACTIVE_KEYS="true")
    service.clock.now = datetime.now(UTC)
    return service


def run_import(here: Service, source: PublicServer | str, *options: str) -> Result:
    """Run the command."""
    address = source if isinstance(source, str) else source.url
    return here.app.test_cli_runner().invoke(args=["import", address, *options])


def figures(result: Result) -> dict[str, tuple[int, ...]]:
    """Return what a good import printed: table to read, new, updated, unchanged, refused."""
    assert result.exit_code == 0, result.output
    return printed(result)


def printed(result: Result) -> dict[str, tuple[int, ...]]:
    header, *lines = result.stdout.splitlines()
    assert header.split("\t") == ["table", "read", "new", "updated", "unchanged", "refused"]
    rows = [line.split("\t") for line in lines if "\t" in line]
    return {table: tuple(map(int, numbers)) for table, *numbers in rows}


def code_row(phone: Phone | None = None, /, **columns: Any) -> dict[str, Any]:
    """Return a row of encryption_keys: a code that waits, or with a phone, the pair that it was traded for."""
    pair, now = PrivateKey.generate(), datetime.now(UTC)
    row = {
        "server_private_key": bytes(pair),
        "server_public_key": bytes(pair.public_key),
        "app_public_key": None,
        "one_time_code": f"AAAQQQ{next(_NUMBERS):04}",
        "hash_id": None,
        "remaining_keys": 43,
        "created": now - timedelta(hours=1),
        "region": "302",
        "originator": TOKEN,
    }
    if phone is not None:
        phone.server_public_key = bytes(pair.public_key)
        row |= claimed_by(phone)
    return row | columns


def claimed_by(phone: Phone) -> dict[str, Any]:
    """Return what the public server changes in a row when its code is claimed."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return {"app_public_key": phone.public_key, "one_time_code": None, "created": midnight}


def key_row(number: int | None = None, /, **columns: Any) -> dict[str, Any]:
    """Return a row of diagnosis_keys: a key of three days ago that was uploaded yesterday."""
    today = int(datetime.now(UTC).timestamp()) // 86400
    return {
        "key_data": (number or next(_NUMBERS)).to_bytes(16, "big"),
        "rolling_start_interval_number": (today - 3) * 144,
        "rolling_period": 144,
        "transmission_risk_level": 4,
        "hour_of_submission": (today - 1) * 24 + 5,
        "region": "302",
        "originator": TOKEN,
    } | columns
