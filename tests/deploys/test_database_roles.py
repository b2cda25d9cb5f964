""" "Database roles" in docs/operations.md: the SQL there gives each process the privileges that it needs."""

import base64
import importlib
import logging
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from app.config import PORTAL, RETRIEVAL, SHARING, SUBMISSION
from app.domain.portal.rights import Role
from app.portal.views.blueprint import PAGES
from app.proto import covidshield_pb2 as wire
from clients.secret.links import encode
from tests.app.sharing.conftest import Sharer
from tests.app.sharing.test_requests import Request
from tests.support.clock import FakeClock
from tests.support.portal import person
from tests.support.roles import (
    ROLES,
    SECTION,
    TEST_TOOL,
    ZONES,
    is_refused,
    run_as_owner,
    url_of,
)
from tests.support.service import Service, bearer, exposure_key
from tests.support.settings import METRICS, TEST_TOOLS_TOKEN
from tests.support.smtp import mail_server
from worker.schedule import NEVER, PERIODIC_JOBS, PeriodicJob

WITHOUT_DATABASE = {
    "health.ping",
    "health.present",
    "health.version",
    "health.feature_flags",
    "health.security_text",
    "health.openapi",
    "configuration.exposure_configuration",
}


def faults(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return logged errors, such as those of counting and purging, which responses do not show."""
    return [f"{record.message}: {record.exc_text}" for record in caplog.records if record.levelno >= logging.ERROR]


def use_submission(service: Service) -> None:
    """Use all functions of the submission routes. Each counter gets two equal rows."""
    for number in range(2):
        service.issue()
        service.issue(hash_id="a" * 128)
        day = service.today - 2
        key = exposure_key(service.today * 2 + number, rolling_start_interval_number=day * 144)
        assert service.upload(service.pair(), [key]).status_code == 200
    assert service.claim("WRONGWRONG").status_code == 401
    service.pair()  # clears the failures
    assert [service.claim("WRONGWRONG").status_code for _ in range(2)] == [401, 401]
    known = service.client.post("/code-status", json={"hash_ids": ["a" * 128]}, headers=bearer())
    assert known.json == {"statuses": {"a" * 128: "waiting"}}
    assert service.client.post(f"/withdraw-code/{'a' * 128}", headers=bearer()).json == {"status": "withdrawn"}
    service.client.post("/new-key-claim", headers=bearer("a-token-that-was-never-made"))  # reads those of the portal
    event = wire.OutbreakEvent(location_id="ABCDEFGH")
    event.end_time.seconds = int(service.clock.now.timestamp())
    event.start_time.seconds = event.end_time.seconds - 60
    answers = [service.client.post("/qr/new-event", data=event.SerializeToString(), headers=bearer())]
    answers += [service.client.post(path, headers={"X-Decoy": "1"}) for path in ("/claim-key", "/upload")]
    answers += [service.client.post("/code-status", json={"hash_ids": ["a" * 128]}, headers=bearer())]
    answers += [service.client.post(f"/withdraw-code/{'a' * 128}", headers=bearer())]
    answers += [service.client.get("/services/ready")]
    assert [answer.status_code for answer in answers] == [200] * 6
    assert answers[-1].json["migrations"] == "current"


def use_portal(service: Service) -> None:
    """Open all pages of the portal that need no argument."""
    visitor = person(service, Role.SUPERUSER)
    rules = [page.rule for page in PAGES.values() if "GET" in page.methods and "<" not in page.rule]
    assert len(rules) > 20
    statuses = {rule: visitor.get(f"/en{rule}").status_code for rule in rules}
    assert {rule: status for rule, status in statuses.items() if status >= 400} == {}


def use_retrieval(service: Service) -> None:
    """Use all functions of the retrieval routes, and again when archives are too old."""
    for _ in range(2):
        for day in (service.today, service.today - 1, 0):
            assert service.fetch(day).status_code == 200
        assert service.fetch(service.today, kind="qr").status_code == 200
        service.clock.advance(minutes=2)
    given = base64.b64encode(":".join(METRICS).encode()).decode()
    date = service.clock.now.date()
    for path in (f"/events/{date}", f"/events/uploads/{date}", f"/events/otkdurations/{date}", "/services/ready"):
        answer = service.client.get(path, headers={"Authorization": f"Basic {given}"})
        assert answer.status_code == 200
        assert answer.json


def use_sharing(service: Service) -> None:
    """Use all functions of the sharing routes."""
    sharer, request = Sharer(service), Request(Sharer(service))
    read, withdrawn = sharer.share(), sharer.share()
    assert sharer.read(read).status_code == 200
    assert sharer.post("withdraw", {"receipt": encode(withdrawn.receipt)}).status_code == 200
    assert [sharer.outcome(secret) for secret in (read, withdrawn)] == ["read", "withdrawn"]
    assert [request.ask().status_code, request.answer().status_code] == [201, 201]
    sharer.share()


def asked_for(service: Service) -> set[str]:
    """Return a set that collects the endpoint of each request."""
    asked, answer, map_ = set(), service.app.wsgi_app, service.app.url_map.bind("localhost")

    def noting(environ: dict[str, Any], start_response: Any) -> Any:
        asked.add(map_.match(environ["PATH_INFO"], method=environ["REQUEST_METHOD"])[0])
        return answer(environ, start_response)

    service.app.wsgi_app = noting  # type: ignore[method-assign]
    return asked


def needing_database(service: Service) -> set[str]:
    return {rule.endpoint for rule in service.app.url_map.iter_rules()} - WITHOUT_DATABASE


def test_the_roles_are_those_of_the_zones() -> None:
    assert sorted(ROLES) == sorted(role for roles in ZONES.values() for role in roles)


def test_each_route_works_with_the_role_of_its_surface(
    start: Callable[..., Service], caplog: pytest.LogCaptureFixture
) -> None:
    submission, retrieval = start("submission", SUBMISSION), start("retrieval", RETRIEVAL)
    asked = [asked_for(submission), asked_for(retrieval)]
    use_submission(submission)
    use_retrieval(retrieval)
    assert asked == [needing_database(submission), needing_database(retrieval)]
    assert faults(caplog) == []


def test_sharing_works_with_its_roles(
    start: Callable[..., Service],
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    use_sharing(start("sharing", SHARING, SHARING_CREATORS="anyone"))
    clock.now = datetime.now(UTC) + timedelta(days=20)
    worker = start("worker_sharing", SHARING)
    check = worker.app.test_cli_runner().invoke(args=["sharing", "check"])
    assert "expired and not deleted\t2\n" in check.stdout  # by the clock of the database
    assert check.exit_code == 1
    (job,) = (job for job in PERIODIC_JOBS if job.surface == SHARING)
    run_job(job, worker, monkeypatch)
    check = worker.app.test_cli_runner().invoke(args=["sharing", "check"])
    assert (check.exit_code, check.stdout.splitlines()[0]) == (0, "secrets and requests\t0")
    assert worker.rows("SELECT count(*) FROM shared_secret_receipts") == [(0,)]
    assert "`flask sharing check` runs as `worker_sharing`" in SECTION
    assert faults(caplog) == []


def run_job(job: PeriodicJob, worker: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a job as a worker does, at the time of the test."""
    name, _, function = job.function.rpartition(".")
    module = importlib.import_module(name)
    monkeypatch.setattr(module, "context", lambda: worker.app.context)
    monkeypatch.setattr(module, "utc_now", worker.clock, raising=False)
    monkeypatch.setattr(module, "current_time", lambda context: context.clock(), raising=False)
    getattr(module, function)()


def test_each_page_of_the_portal_works_with_its_role(
    start: Callable[..., Service], caplog: pytest.LogCaptureFixture
) -> None:
    use_portal(start("portal", PORTAL))
    assert faults(caplog) == []


def test_each_job_works_with_the_role_of_its_worker(
    start: Callable[..., Service],
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    submission = start("submission", SUBMISSION)
    use_submission(submission)
    clock.advance(days=20)  # so that there is something to purge
    use_submission(submission)
    caplog.clear()

    with mail_server() as server:
        own = {"RELEASE_PERIOD_HOURS": "1", "MAIL_URL": server.url, "DIGEST_EMAILS": "team@health.example"}
        own |= {"DOWNLOAD_FILES": f"file://{tmp_path}/downloads"}
        workers = {surface: start(f"worker_{surface}", surface, **own) for surface in ZONES}
        for job in PERIODIC_JOBS:
            assert job.interval(workers[job.surface].settings) != NEVER
            run_job(job, workers[job.surface], monkeypatch)

    assert faults(caplog) == []
    # Each job had work to do.
    assert {"purge finished", "archive built", "padding keys added", "failed claims"} <= set(caplog.messages)
    (purged,) = [vars(record) for record in caplog.records if record.message == "purge finished"]
    steps = ("diagnosis_keys", "unclaimed_codes", "expired_pairs", "claim_attempts", "claim_hours", "outbreak_events")
    assert [step for step in steps if not purged[step]] == []
    folded = "SELECT max(number) FROM (SELECT count(*) AS number FROM events GROUP BY source, identifier, date) AS each"
    assert workers[SUBMISSION].rows(folded) == [(1,)]


def test_without_padding_the_retrieval_worker_needs_no_insert_privilege(
    start: Callable[..., Service], owner_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    worker = start("worker_retrieval", RETRIEVAL)
    jobs = [job for job in PERIODIC_JOBS if job.surface == RETRIEVAL and job.interval(worker.settings) != NEVER]
    run_as_owner(owner_url, "REVOKE INSERT ON diagnosis_keys FROM worker_retrieval")
    try:
        for job in jobs:
            run_job(job, worker, monkeypatch)
    finally:
        run_as_owner(owner_url, "GRANT INSERT ON diagnosis_keys TO worker_retrieval")
    assert jobs
    assert faults(caplog) == []


def test_operator_commands_work_with_the_role_of_the_worker(
    start: Callable[..., Service], caplog: pytest.LogCaptureFixture
) -> None:
    use_submission(start("submission", SUBMISSION))
    worker = start("worker_submission", SUBMISSION, SEALING_KEYS=f"{'dd' * 32},{'cc' * 32}")
    outputs = {}
    for command in ("counts", "keys reseal", "keys mix", "keys check", "purge"):
        result = worker.app.test_cli_runner().invoke(args=command.split())
        assert result.exit_code == 0, result.output
        assert f"`flask {command}`" in SECTION
        outputs[command] = result.output
    assert "resealed\t6\n" in outputs["keys reseal"]
    assert faults(caplog) == []


@pytest.mark.parametrize(("role", "surface"), [("worker_submission", SUBMISSION), ("retrieval", RETRIEVAL)])
def test_status_works_with_a_role_of_each_surface(start: Callable[..., Service], role: str, surface: str) -> None:
    result = start(role, surface).app.test_cli_runner().invoke(args=["status"])
    assert result.exit_code == 0, result.output
    assert "(current)" in result.output
    assert "`flask status` runs as `worker_submission` or as `retrieval`" in SECTION


def test_the_test_tools_need_two_privileges_that_no_role_has_in_production(
    start: Callable[..., Service], owner_url: str
) -> None:
    assert TEST_TOOL == [("TRUNCATE", "diagnosis_keys"), ("DELETE", "export_archives")]
    with closing(psycopg2.connect(url_of("submission", owner_url))) as connection, connection.cursor() as cursor:
        assert is_refused(cursor, "TRUNCATE diagnosis_keys")
        assert is_refused(cursor, "DELETE FROM export_archives")
    tools = start("submission", SUBMISSION, ENABLE_TEST_TOOLS="true", TEST_TOOLS_TOKEN=TEST_TOOLS_TOKEN)
    for right, table in TEST_TOOL:
        run_as_owner(owner_url, f"GRANT {right} ON {table} TO submission")
    try:
        answer = tools.client.post("/clear-diagnosis-keys", headers=bearer(TEST_TOOLS_TOKEN))
    finally:
        for right, table in TEST_TOOL:
            run_as_owner(owner_url, f"REVOKE {right} ON {table} FROM submission")
    assert answer.status_code == 200
