"""Traces reach a receiver, and contain nothing of what was sent (app/measuring/tracing.py)."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from app.measuring.tracing import summary
from tests.support.breakage import without_table
from tests.support.service import Service, bearer, exposure_key
from tests.support.settings import LABEL, SECRETS, TOKEN
from tests.support.traces import TraceReceiver, trace_receiver
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[3]
ADDRESS = "203.0.113.77"
HASH_ID = "5ecre7" * 21 + "aa"
KEY = 0x5EC2E7_5EC2E7_5EC2E7_5EC2E7_5EC2E7


@pytest.fixture
def receiver() -> Iterator[TraceReceiver]:
    """A receiver of traces."""
    with trace_receiver() as receiver:
        yield receiver


@pytest.fixture
def traced(make_service: Callable[..., Service], receiver: TraceReceiver) -> Iterator[Service]:
    """A service that sends traces."""
    service = make_service(PUBLISH_ACTIVE_KEYS="true", OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url)
    yield service
    service.app.context.tracing._provider.shutdown()


def received(service: Service, receiver: TraceReceiver) -> list[Span]:
    assert service.app.context.tracing._provider.force_flush()
    return receiver.spans()


def attributes(span: Span) -> dict[str, str | int]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def test_a_request_has_a_span_and_its_statements_have_spans_below(traced: Service, receiver: TraceReceiver) -> None:
    traced.issue(hash_id=HASH_ID)
    spans = received(traced, receiver)
    (request,) = (span for span in spans if span.kind == Span.SPAN_KIND_SERVER)
    assert request.name == "POST /new-key-claim/<hash_id:hash_id>"
    assert attributes(request) == {
        "http.request.method": "POST",
        "http.route": "/new-key-claim/<hash_id:hash_id>",
        "http.response.status_code": 200,
    }
    below = [span for span in spans if span.trace_id == request.trace_id and span is not request]
    assert "UPDATE encryption_keys" in [span.name for span in below]
    assert {(span.kind, span.parent_span_id) for span in below} == {(Span.SPAN_KIND_CLIENT, request.span_id)}
    assert receiver.services == {"exposure-alert"}


def test_a_failed_statement_and_its_request_are_errors(traced: Service, receiver: TraceReceiver) -> None:
    with without_table(traced, "encryption_keys"):
        assert traced.client.post("/new-key-claim", headers=bearer()).status_code == 500
        with traced.database.autocommit() as connection, pytest.raises(Exception, match="encryption_keys"):
            connection.exec_driver_sql("SELECT 1 FROM encryption_keys")
    failed = [span for span in received(traced, receiver) if span.status.code == Status.STATUS_CODE_ERROR]
    assert {span.name for span in failed} >= {
        "POST /new-key-claim",
        "INSERT INTO encryption_keys",
        "SELECT encryption_keys",
    }
    assert [event for span in failed for event in span.events] == []
    assert [span.status.message for span in failed if span.status.message] == []


def test_traces_contain_no_secret(traced: Service, receiver: TraceReceiver) -> None:
    code = traced.issue(hash_id=HASH_ID)
    phone = traced.pair()
    key = exposure_key(KEY, rolling_start_interval_number=(traced.today - 1) * 144)
    assert traced.upload(phone, [key]).status_code == 200
    forwarded = {"X-Forwarded-For": ADDRESS, "traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}
    traced.claim("WRNGCDE222", headers=forwarded, environ_overrides={"REMOTE_ADDR": ADDRESS})
    traced.client.get(f"/a-path-of-{code}?and={code}", headers={"User-Agent": "a-browser"})
    archive = traced.fetch(traced.today)
    spans = received(traced, receiver)
    assert len(spans) > 12
    text = b"".join(receiver.bodies)
    secrets = [code, HASH_ID, TOKEN, LABEL + "\x00", "WRNGCDE222", ADDRESS, "a-path-of", "a-browser", *SECRETS.values()]
    secrets += [archive.request.path.rpartition("/")[2], "127.0.0.1"]
    found = [secret for secret in secrets if secret.encode() in text]
    found += [name for name in (phone.public_key, phone.server_public_key, KEY.to_bytes(16, "big")) if name in text]
    assert found == []
    assert bytes.fromhex("ab" * 16) not in {span.trace_id for span in spans}
    names = {span.name for span in spans}
    assert "GET unmatched" in names


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a FROM events WHERE b = 'x'", "SELECT events"),
        ("WITH a AS (SELECT FROM b), c AS (UPDATE d SET e = 1) SELECT 1", "UPDATE d"),
        ("INSERT INTO events (a) VALUES ('x') ON CONFLICT DO UPDATE SET b = 1", "INSERT INTO events"),
        ("SELECT pg_advisory_xact_lock(5)", "statement"),
    ],
)
def test_a_statement_is_named_by_what_it_does(sql: str, expected: str) -> None:
    assert summary(sql) == expected


def test_jobs_have_spans(service: Service, receiver: TraceReceiver, tmp_path: Path) -> None:
    environment = {
        **SECRETS,
        "PATH": os.environ["PATH"],
        "DATABASE_URL": service.settings.database_url,
        "REDIS_URL": service.settings.redis_url,
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
        "OTEL_SERVICE_NAME": "a-worker",
    }
    command = [sys.executable, "-m", "worker"]
    with (tmp_path / "log").open("wb") as log:
        processes = [
            subprocess.Popen([*command, *role], cwd=ROOT, env=environment, stdout=log, stderr=log)
            for role in (["clock"], [])
        ]
    try:
        wait_until(lambda: "job purge" in {span.name for span in receiver.spans()}, "the span of a job arrives")
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(60)
    spans = receiver.spans()
    job = next(span for span in spans if span.name == "job purge")
    assert any(span.parent_span_id == job.span_id for span in spans)
    assert receiver.services == {"a-worker"}


WITHOUT_PACKAGES = """
import sys
from tests.support.settings import make_settings
from app import create_app
settings = make_settings("postgresql://nobody@127.0.0.1/none", "redis://127.0.0.1:1/0")
create_app(settings)
assert "app.measuring.tracing" not in sys.modules, "imported without the setting"
sys.modules["opentelemetry"] = None
from app import _start_tracing
from app.domain.errors import ConfigurationError
try:
    _start_tracing("http://127.0.0.1:1", None)
except ConfigurationError as error:
    print(error)
"""


def test_nothing_is_imported_without_the_setting_and_missing_packages_are_named() -> None:
    run = subprocess.run([sys.executable, "-c", WITHOUT_PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == "OTEL_EXPORTER_OTLP_ENDPOINT: install requirements-tracing.txt\n"
