"""Reading the newest document: of all carriers, without waiting for one that does not respond."""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import SQLAlchemyError

from app.status.carriers import FILE_NAME, REDIS_KEY, Carrier
from app.status.document import MAX_BYTES, to_json
from app.status.reader import INTERVAL, DocumentReader
from tests.app.status.conftest import Site
from tests.support.status import NOW, document
from tests.support.waiting import wait_until


@dataclass
class Memory:
    """A carrier whose answers a test sets."""

    body: bytes | None = None
    error: Exception | None = None
    name: str = "memory"
    reads: int = 0
    answers: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.answers.set()

    def read(self) -> bytes | None:
        """Return the body, once it answers."""
        self.reads += 1
        assert self.answers.wait(60)
        if self.error:
            raise self.error
        return self.body

    def write(self, written_at: datetime, body: bytes) -> None:
        """Replace the body."""


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests wait for carriers as long as a busy host needs, so that what they return is certain."""
    monkeypatch.setattr("app.status.reader._WAIT_SECONDS", 60)
    monkeypatch.setattr("app.status.reader._FIRST_WAIT_SECONDS", 60)


def of(minutes: int) -> bytes:
    return to_json(document(NOW + timedelta(minutes=minutes)))


def written(reader: DocumentReader, now: datetime = NOW) -> datetime | None:
    found = reader.newest(now)
    return found.written_at if found else None


@pytest.mark.usefixtures("patient")
def test_the_newest_of_all_carriers_is_shown() -> None:
    for order in ((1, 2, 0), (0, 1, 2), (2, 0, 1)):
        assert written(DocumentReader([Memory(of(each)) for each in order])) == NOW + timedelta(minutes=2)


@pytest.mark.usefixtures("patient")
def test_carriers_are_read_every_fifteen_seconds() -> None:
    carrier = Memory(of(0))
    reader = DocumentReader([carrier])
    for seconds in (0, 1, 14.9):
        assert written(reader, NOW + timedelta(seconds=seconds)) == NOW
    assert carrier.reads == 1
    carrier.body = of(1)
    assert written(reader, NOW + INTERVAL) == NOW + timedelta(minutes=1)
    # A clock that is set back does not stop it.
    written(reader, NOW - timedelta(hours=1))
    assert carrier.reads == 3


@pytest.mark.usefixtures("patient")
def test_an_older_document_does_not_replace_a_newer_one() -> None:
    carrier = Memory(of(2))
    reader = DocumentReader([carrier])
    assert written(reader) == NOW + timedelta(minutes=2)
    for body in (of(1), None, b"spoilt"):
        carrier.body = body
        assert written(reader, NOW + timedelta(minutes=5)) == NOW + timedelta(minutes=2)


@pytest.mark.usefixtures("patient")
def test_a_document_from_the_future_is_ignored() -> None:
    reader = DocumentReader([Memory(of(6)), Memory(of(1))])
    assert written(reader) == NOW + timedelta(minutes=1)


@pytest.mark.usefixtures("patient")
def test_after_the_clock_was_set_back_new_documents_are_shown() -> None:
    carrier = Memory(of(60))
    reader = DocumentReader([carrier])
    assert written(reader, NOW + timedelta(hours=1)) == NOW + timedelta(hours=1)
    carrier.body = of(1)
    assert written(reader, NOW + timedelta(minutes=1)) == NOW + timedelta(minutes=1)


def test_a_carrier_that_does_not_respond_delays_no_other(caplog: pytest.LogCaptureFixture) -> None:
    silent, other = Memory(of(9)), Memory(of(0))
    silent.answers.clear()
    reader = DocumentReader([silent, other])
    assert written(reader) == NOW
    other.body = of(1)
    wait_until(
        lambda: written(reader, NOW + timedelta(minutes=1)) == NOW + timedelta(minutes=1), "the other carrier is read"
    )
    assert silent.reads == 1  # no second thread waits for it
    silent.body = of(2)
    silent.answers.set()
    # It is kept when it comes, although no request waits for it.
    wait_until(
        lambda: written(reader, NOW + timedelta(minutes=1)) == NOW + timedelta(minutes=2), "the late document is kept"
    )
    assert caplog.messages == []


@pytest.mark.usefixtures("patient")
def test_requests_at_once_wait_for_the_first_document() -> None:
    carrier = Memory(of(0))
    carrier.answers.clear()
    reader, seen = DocumentReader([carrier]), []
    threads = [threading.Thread(target=lambda: seen.append(written(reader))) for _ in range(5)]
    for thread in threads:
        thread.start()
    wait_until(lambda: carrier.reads, "a request reads the carrier")
    carrier.answers.set()
    for thread in threads:
        thread.join()
    assert (seen, carrier.reads) == ([NOW] * 5, 1)


@pytest.mark.usefixtures("patient")
def test_a_damaged_document_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    carrier = Memory(b"{")
    reader = DocumentReader([carrier])
    for minute in range(3):
        assert reader.newest(NOW + timedelta(minutes=minute)) is None
    assert caplog.messages == ["status document unreadable"]
    carrier.body = of(3)
    assert written(reader, NOW + timedelta(minutes=4)) == NOW + timedelta(minutes=3)


@pytest.mark.usefixtures("patient")
def test_an_outage_of_a_carrier_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    carrier = Memory(of(0), OSError("gone"))
    reader = DocumentReader([carrier])
    for minute in range(3):
        assert reader.newest(NOW + timedelta(minutes=minute)) is None
    assert caplog.messages == ["status document could not be read"]
    carrier.error = None
    assert written(reader, NOW + timedelta(minutes=4)) == NOW
    carrier.error = SQLAlchemyError()
    written(reader, NOW + timedelta(minutes=5))
    assert caplog.messages == ["status document could not be read"] * 2


def test_a_carrier_returns_what_was_written(site: Site) -> None:
    carriers: tuple[Carrier, ...] = site.service.app.context.status.carriers
    assert [each.name for each in carriers] == ["postgresql", "redis", "file"]
    for carrier in carriers:
        assert carrier.read() is None
        for minute in (0, 1):
            carrier.write(NOW + timedelta(minutes=minute), of(minute))
        assert carrier.read() == of(1)


def test_the_row_keeps_the_newest_document(site: Site) -> None:
    carrier = site.service.app.context.status.carriers[0]
    carrier.write(NOW + timedelta(minutes=1), of(1))
    carrier.write(NOW, of(0))
    assert carrier.read() == of(1)


def test_the_file_is_replaced_in_one_step_and_others_may_read_it(site: Site) -> None:
    carrier = site.service.app.context.status.carriers[-1]
    carrier.write(NOW, of(0))
    file = site.folder / FILE_NAME
    assert file.stat().st_mode & 0o777 == 0o644
    with file.open("rb") as reading:
        carrier.write(NOW, of(1))
        assert reading.read() == of(0)
    file.unlink()
    file.mkdir()
    with pytest.raises(IsADirectoryError):
        carrier.write(NOW, of(2))
    assert [each.name for each in site.folder.iterdir()] == [FILE_NAME]


def test_what_is_too_long_is_not_read_to_its_end(site: Site) -> None:
    _, redis, file = site.service.app.context.status.carriers
    site.folder.mkdir()
    (site.folder / FILE_NAME).write_bytes(b" " * (2 * MAX_BYTES))
    site.service.app.context.redis.set(REDIS_KEY, b" " * (2 * MAX_BYTES))
    assert [len(carrier.read() or b"") for carrier in (file, redis)] == [MAX_BYTES + 1] * 2
    assert site.get("/en").status_code == 503
