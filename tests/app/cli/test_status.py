"""`flask status`: what the service has done lately."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from redis import Redis

from app.config import ALL_SURFACES
from app.database.schema import head_revision
from app.domain.errors import JobFailedError
from tests.support.breakage import without_table
from tests.support.service import Service, exposure_key
from tests.support.settings import TOKEN
from worker.clock import Clock
from worker.jobs.purge import purge
from worker.schedule import NEVER, PERIODIC_JOBS


@pytest.fixture
def present(make_service: Callable[..., Service]) -> Service:
    """A service whose clock shows the real time, which is what commands go by."""
    service = make_service(PUBLISH_ACTIVE_KEYS="true", SURFACES=",".join(ALL_SURFACES))
    service.clock.now = datetime.now(UTC)
    return service


def status(service: Service) -> dict[str, str]:
    result = service.app.test_cli_runner().invoke(args=("status",))
    assert result.exit_code == 0, result.output
    assert TOKEN not in result.output
    return dict(line.split("\t") for line in result.stdout.splitlines())


def test_a_new_service_has_done_nothing(present: Service) -> None:
    rows = status(present)
    assert rows["schema"] == f"{head_revision()} (current)"
    assert rows["last purge"] == rows["newest archive"] == "unknown"
    assert rows["jobs of submission"] == "0 waiting"
    assert rows[f"{present.clock.now:%Y-%m-%d}"] == "0 codes issued, 0 claimed, 0 uploads of 0 keys"
    assert len([name for name in rows if name.startswith("20")]) == 7


def test_a_schema_of_a_later_version_is_named_newer(present: Service) -> None:
    present.execute("UPDATE alembic_version SET version_num = 'of-the-next'")
    try:
        assert status(present)["schema"] == f"of-the-next (newer than {head_revision()} of this version)"
    finally:
        present.execute("UPDATE alembic_version SET version_num = :head", head=head_revision())


def test_what_was_done_is_counted(present: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = present.pair()
    present.upload(phone, [exposure_key(1), exposure_key(2)])
    present.issue()
    present.fetch(present.today)
    rows = status(present)
    assert rows[f"{present.clock.now:%Y-%m-%d}"] == "2 codes issued, 1 claimed, 1 uploads of 2 keys"
    assert rows["newest archive"].startswith(f"{present.clock.now:%Y-%m-%d}")
    monkeypatch.setattr("worker.jobs.purge.context", lambda: present.app.context)
    before = datetime.now(UTC)
    purge()
    days = [f"{moment:%Y-%m-%d}" for moment in (before, datetime.now(UTC))]  # two, if midnight came meanwhile
    assert status(present)["last purge"][:10] in days
    monkeypatch.setattr(present.app.context, "redis", Redis(port=1))
    purge()  # succeeds without Redis


def test_labels_are_shown_without_their_tokens(present: Service) -> None:
    rows = status(present)
    assert (rows["tokens of AB"], rows["tokens of ON"]) == ("1", "1")


def test_jobs_that_wait_are_counted(present: Service) -> None:
    Clock(present.app.context.redis, present.settings).tick(1e9)
    rows = status(present)
    for surface in ALL_SURFACES:
        waiting = [job for job in PERIODIC_JOBS if job.surface == surface and job.interval(present.settings) != NEVER]
        assert waiting != []
        assert rows[f"jobs of {surface}"] == f"{len(waiting)} waiting"


def test_a_purge_that_fails_in_part_is_not_the_last_purge(present: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.jobs.purge.context", lambda: present.app.context)
    with without_table(present, "failed_key_claim_attempts"):
        present.app.test_cli_runner().invoke(args=("purge",))
        with pytest.raises(JobFailedError, match="purge"):
            purge()
    assert status(present)["last purge"] == "unknown"
    present.app.test_cli_runner().invoke(args=("purge",))
    assert status(present)["last purge"] != "unknown"


def test_a_surface_alone_has_a_status(make_service: Callable[..., Service]) -> None:
    assert "last purge" not in status(make_service(SURFACES="retrieval"))
    assert "newest archive" not in status(make_service(SURFACES="submission"))
