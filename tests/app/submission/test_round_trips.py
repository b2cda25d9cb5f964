"""What a phone waits for: each execution is one round trip to the database, and a transaction of its own."""

from collections.abc import Iterator

import pytest
from sqlalchemy import event

from app.store.direct import Direct
from tests.support.service import Service, exposure_key


@pytest.fixture
def trips(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every text that the service sends to its database."""
    sent: list[str] = []
    execute = Direct.execute

    def noted(self: Direct, clause, values):
        sent.append(str(clause))
        return execute(self, clause, values)

    def note(_connection, _cursor, statement, *_):
        sent.append(statement)

    monkeypatch.setattr(Direct, "execute", noted)
    event.listen(service.database._engine, "before_cursor_execute", note)
    yield sent
    event.remove(service.database._engine, "before_cursor_execute", note)


def test_a_code_takes_one(service: Service, trips: list[str]) -> None:
    service.issue()
    assert len(trips) == 1


def test_a_claim_takes_one_be_it_right_or_wrong(service: Service, trips: list[str]) -> None:
    code = service.issue()
    trips.clear()
    assert service.claim("WRONGCODE1").status_code == 401
    assert len(trips) == 1
    assert service.claim(code).status_code == 200
    assert len(trips) == 2


def test_an_upload_of_28_keys_takes_two(service: Service, trips: list[str]) -> None:
    phone = service.pair()
    trips.clear()
    assert service.upload(phone, [exposure_key(number) for number in range(28)]).status_code == 200
    assert len(trips) == 2
