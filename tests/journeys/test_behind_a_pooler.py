"""The service behind a transaction pooler, which managed databases often have."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.app.database.test_prepared import SHARED
from tests.support.pooler import Pooler
from tests.support.service import Service, exposure_key

PATIENTS = 40


@pytest.fixture
def services(make_service: Callable[..., Service], database_url: str, tmp_path: Path) -> Iterator[list[Service]]:
    """Two applications that share the few sessions of a pooler."""
    with Pooler(tmp_path / "pooler", database_url) as pooler:
        options = {"DATABASE_URL": pooler.url, "PUBLISH_ACTIVE_KEYS": "true", "EXPORT_MAX_AGE_SECONDS": "0"}
        yield [make_service(**options), make_service(**options)]


def test_all_codes_and_keys_pass_through_a_pooler(services: list[Service], caplog: pytest.LogCaptureFixture) -> None:
    def patient(number: int) -> int:
        service = services[number % 2]
        answer = service.upload(service.pair(), [exposure_key(number)])
        service.fetch(service.today)  # builds an archive in a read-only transaction
        return answer.status_code

    with ThreadPoolExecutor(8) as patients:
        assert list(patients.map(patient, range(PATIENTS))) == [200] * PATIENTS
    with services[0].database.autocommit() as connection:
        stored = connection.exec_driver_sql("SELECT count(*) FROM diagnosis_keys").scalar_one()
    assert stored == PATIENTS
    assert SHARED in caplog.messages
    assert services[1].fetch(services[1].today).status_code == 200
