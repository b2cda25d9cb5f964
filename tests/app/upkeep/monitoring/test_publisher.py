"""The status is published when an incident changes, before the job of the next minute."""

from collections.abc import Callable
from pathlib import Path

from app.domain.incidents.states import State
from app.status.carriers import FILE_NAME
from app.status.document import UNSTORED, StatusDocument, from_json
from tests.support.black_hole import BlackHole
from tests.support.watch import Watch


def published(folder: Path) -> StatusDocument | None:
    path = folder / FILE_NAME
    return from_json(path.read_bytes()) if path.exists() else None


def test_an_incident_is_published_in_the_round_that_opens_it(make_watch: Callable[..., Watch], tmp_path: Path) -> None:
    watch, worker = make_watch(), make_watch("worker")
    worker.rounds(1)
    watch.now = worker.now
    while not watch.rows("SELECT id FROM incidents"):
        assert published(tmp_path) is None, "nothing has changed"
        watch.rounds(1)

    document = published(tmp_path)
    assert document is not None
    assert [(each.state, each.titles["en"]) for each in document.incidents] == [
        (State.OPEN, "Background work has stopped")
    ]
    assert document.written_at == watch.now.replace(microsecond=0)

    assert watch.rows("SELECT 1 FROM status_days") == [], "that is for the job, which has the database's clock"

    watch.rounds(2)
    assert published(tmp_path) == document, "nothing has changed since"


def test_an_outage_of_postgresql_is_published_once_it_is_detected_and_once_it_has_ended(
    make_watch: Callable[..., Watch], hole: BlackHole, tmp_path: Path
) -> None:
    watch = make_watch()
    watch.rounds(1)
    hole.swallow(new=True)
    watch.rounds(2)
    assert published(tmp_path) is None
    watch.rounds(1)
    document = published(tmp_path)
    assert document is not None
    assert [each.number for each in document.incidents] == [UNSTORED]

    hole.recover()
    watch.rounds(1)
    document = published(tmp_path)
    assert document is not None
    assert [each.number for each in document.incidents] == [watch.rows("SELECT id FROM incidents")[0][0]]
