"""The page while PostgreSQL, Redis or both do not run: real servers, which are stopped."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.database.migrations import migrate_database
from app.domain.errors import JobFailedError
from app.domain.incidents.checks import Check
from app.domain.incidents.states import Impact
from app.domain.status import PartState
from app.incidents.service import Opening
from app.incidents.texts import title_of_check
from app.status.document import UNSTORED, StatusDocument
from app.upkeep.monitoring.spool import load_spool
from app.upkeep.status_publication import Publication
from processes.postgres import EmbeddedPostgres
from processes.redis import EmbeddedRedis
from tests.support.cluster import put_cluster
from tests.support.service import Service, start_service
from tests.support.settings import make_settings
from worker.jobs import publish_status

MINUTE = timedelta(minutes=1)


@dataclass
class Host:
    """PostgreSQL and Redis of a test's own, and processes that use them."""

    postgres: EmbeddedPostgres
    redis: EmbeddedRedis
    folder: Path
    now: datetime
    services: list[Service]

    def start(self, *, with_folder: bool = True) -> Service:
        """Start a process that serves status."""
        folder = {"STATUS_FOLDER": str(self.folder)} if with_folder else {}
        own = {"SURFACES": "status", "DATABASE_TIMEOUT_SECONDS": "1", **folder}
        service = start_service(make_settings(self.postgres.url, self.redis.url, **own))
        service.clock.now = self.now
        self.services.append(service)
        return service

    def publish(self, worker: Service) -> list[str]:
        """Publish, as the job does a minute later; return the carriers."""
        self.now += MINUTE
        for service in self.services:
            service.clock.now = self.now
        context = worker.app.context
        return Publication(context.status, context.incidents, ()).publish(self.now)


@pytest.fixture
def host(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host whose servers run."""
    postgres = EmbeddedPostgres(put_cluster(tmp_path / "postgres", tmp_path_factory), durable=False)
    redis = EmbeddedRedis(tmp_path / "redis", durable=False)
    host = Host(postgres, redis, tmp_path / "status", datetime(2026, 11, 27, 12, tzinfo=UTC), [])
    with postgres, redis:
        service = host.start()
        migrate_database(service.app)
        yield host
    for service in host.services:
        service.database.dispose()
        service.app.context.redis.close()


def shown(service: Service) -> StatusDocument:
    """Return the document that a process shows once it has read the carriers again."""
    service.clock.advance(seconds=15)
    document = service.app.context.status.document(service.clock())
    assert document
    assert service.client.get("/status/en").status_code == 200
    return document


def test_the_page_remains_without_each_server_and_without_both(host: Host) -> None:
    worker, web = host.services[0], host.start(with_folder=False)
    worker.app.context.incidents.open(Opening("Known before"), "team", host.now)
    assert host.publish(worker) == ["postgresql", "redis", "file"]
    assert shown(web).is_complete

    host.redis.stop()
    assert host.publish(worker) == ["postgresql", "file"]
    assert shown(web).written_at == host.now  # from PostgreSQL

    host.redis.start()
    host.postgres.stop()
    assert host.publish(worker) == ["redis", "file"]
    document = shown(web)  # from Redis
    assert (document.written_at, document.is_complete) == (host.now, False)
    states = {part.name: part.state for part in document.parts}
    assert states["uploading"] is PartState.OUTAGE
    assert states["downloading"] is PartState.DEGRADED
    assert "The database of the service is not responding." in web.client.get("/status/en").text
    assert "Known before" in web.client.get("/status/en/incidents").text

    host.redis.stop()
    assert host.publish(worker) == ["file"]
    last = document.written_at
    assert shown(web).written_at == last  # from memory: it has no folder
    neighbour = host.start()  # which starts only now, and has the folder
    assert shown(neighbour).written_at == host.now

    for service in (web, neighbour):
        service.clock.advance(minutes=6)
        assert "Monitoring has stopped" in service.client.get("/status/en").text
        assert service.client.get("/status.json").status_code == 200

    host.postgres.start()
    host.redis.start()
    assert host.publish(worker) == ["postgresql", "redis", "file"]
    document = shown(web)
    assert (document.written_at, document.is_complete) == (host.now, True)
    assert [each.titles["en"] for each in document.incidents] == ["Known before"]


def test_what_the_monitor_detects_meanwhile_is_published(host: Host) -> None:
    worker = host.services[0]
    host.publish(worker)
    host.postgres.stop()
    spool = load_spool(host.folder, "worker")
    spool.keep({Check.REDIS: host.now, Check.DATABASE: host.now + MINUTE}, {})
    spool.save()
    host.publish(worker)
    began = host.now - MINUTE
    (incident,) = shown(worker).incidents
    assert (incident.number, incident.impact, incident.began) == (UNSTORED, Impact.MAJOR, began)
    assert [(each.kind, each.at) for each in incident.events] == [("opened", began)]
    assert incident.titles == title_of_check("database")
    assert incident.parts == ("portal", "jobs", "issuing", "claiming", "uploading", "sharing")
    spool.keep({}, {Check.REDIS: host.now, Check.DATABASE: host.now})
    spool.save()
    host.publish(worker)
    assert shown(worker).incidents == ()
    spool.keep({Check.REDIS: host.now}, {Check.DATABASE: host.now})  # of a process that started a minute later
    spool.save()
    assert [each.at for each in spool.endings()] == [host.now - MINUTE]
    host.publish(worker)
    assert [each.began for each in shown(worker).incidents] == [began]


def test_a_database_that_can_only_be_read_is_an_outage(host: Host) -> None:
    worker = host.services[0]
    host.publish(worker)
    worker.execute("ALTER ROLE CURRENT_USER SET default_transaction_read_only = on")
    worker.database.dispose()
    assert host.publish(worker) == ["redis", "file"]
    document = shown(worker)
    assert (document.state, document.is_complete) == (PartState.OUTAGE, False)


def test_the_job_publishes_while_postgresql_is_down(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = host.services[0]
    monkeypatch.setattr(publish_status, "context", lambda: worker.app.context)
    worker.clock.runs = True
    host.now = datetime.now(UTC)
    publish_status.publish_status()
    first = shown(worker)
    assert first.is_complete
    host.postgres.stop()
    publish_status.publish_status()
    second = shown(host.start())
    assert second.written_at >= first.written_at
    assert not second.is_complete


def test_without_any_carrier_the_job_fails(host: Host) -> None:
    worker = host.start(with_folder=False)
    host.postgres.stop()
    host.redis.stop()
    with pytest.raises(JobFailedError):
        host.publish(worker)
    assert worker.client.get("/status/en").status_code == 503


def test_a_full_or_missing_folder_is_no_reason_to_publish_nothing(host: Host) -> None:
    host.folder.write_text("a file in place of the folder")
    assert host.publish(host.services[0]) == ["postgresql", "redis"]
    assert shown(host.start()).written_at == host.now
    host.folder = host.folder.with_name("x" * 256)  # which no disk can hold
    worker = host.start()
    host.postgres.stop()
    assert host.publish(worker) == ["redis"]
