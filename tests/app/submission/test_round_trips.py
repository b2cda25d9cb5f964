"""Round trips to the database by request of a phone. Each SQL text that is sent is one.

PostgreSQL reports every text that it receives, BEGIN and COMMIT included, from any sender.
"""

from collections.abc import Callable
from typing import Any, Final

import pytest
from sqlalchemy import event

from tests.support.service import Service, exposure_key

pytestmark = pytest.mark.usefixtures("own_pool")  # its session is changed

_TELL: Final = "SET log_statement = 'all'; SET client_min_messages = 'log'"
_SENT: Final = "LOG:  statement: "


class Trips:
    """A list of notices for psycopg2 that keeps the SQL texts that were sent."""

    def __init__(self) -> None:
        self._sent: list[str] = []

    def append(self, notice: str) -> None:
        """Add a notice."""
        if notice.startswith(_SENT):
            self._sent.append(notice.removeprefix(_SENT))

    def of(self, step: Callable[[], Any]) -> list[str]:
        """Return the SQL texts that a step sends."""
        self._sent.clear()
        step()
        return list(self._sent)


@pytest.fixture
def one_session(make_service: Callable[..., Service]) -> Service:
    """A service with one PostgreSQL session."""
    return make_service(PUBLISH_ACTIVE_KEYS="true", EXPORT_MAX_AGE_SECONDS="0", DATABASE_POOL_SIZE="1")


@pytest.fixture
def trips(one_session: Service) -> Trips:
    """The SQL texts sent in that session."""
    trips = Trips()

    def listen(connection: Any, *_: object) -> None:
        connection.notices = trips

    event.listen(one_session.database._engine, "checkout", listen)
    with one_session.database.autocommit() as connection:
        connection.exec_driver_sql(_TELL)
    return trips


@pytest.fixture
def warm(one_session: Service) -> Service:
    """The service after a code, a claim and an upload, whose statements are now prepared."""
    assert one_session.upload(one_session.pair(), [exposure_key(1)]).status_code == 200
    return one_session


def test_issuing_a_code_takes_one_round_trip(warm: Service, trips: Trips) -> None:
    assert len(trips.of(warm.issue)) == 1


def test_a_valid_or_wrong_claim_takes_one_round_trip(warm: Service, trips: Trips) -> None:
    code = warm.issue()
    assert len(trips.of(lambda: warm.claim("WRONGCODE1"))) == 1
    assert len(trips.of(lambda: warm.claim(code))) == 1
    assert [row.failures for row in warm.rows("SELECT failures FROM failed_key_claim_hours")] == [1]
    assert len(warm.rows("SELECT FROM encryption_keys WHERE app_public_key IS NOT NULL")) == 2


def test_an_upload_of_28_keys_takes_two_round_trips(warm: Service, trips: Trips) -> None:
    phone, keys = warm.pair(), [exposure_key(number) for number in range(2, 30)]
    assert len(trips.of(lambda: warm.upload(phone, keys))) == 2
    assert len(warm.rows("SELECT FROM diagnosis_keys")) == 29


def test_preparing_a_statement_takes_one_more_round_trip(one_session: Service, trips: Trips) -> None:
    assert first_words(trips.of(one_session.issue)) == ["PREPARE", "EXECUTE"]


def test_an_explicit_transaction_takes_two_more_round_trips(warm: Service, trips: Trips) -> None:
    assert first_words(trips.of(lambda: warm.execute("SELECT 1"))) == ["BEGIN", "SELECT", "COMMIT"]


def first_words(texts: list[str]) -> list[str]:
    """Return the first word of each text."""
    return [text.split()[0] for text in texts]
