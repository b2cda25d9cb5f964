"""Secrets are stored only where the data model states, and appear in no log, response, statistic or Redis key."""

import base64
import io
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from app.measuring.flush import Flusher
from app.measuring.increments import Batch, IncrementStore
from app.measuring.instruments import Instruments
from app.retrieval.builder import refresh_all
from app.store.tables import metadata
from app.upkeep.failed_claims import report_failed_claims
from app.upkeep.minutes import fold_minutes
from app.upkeep.retention import purge
from app.upkeep.rollup import roll_up_counters
from app.web.logs import LogfmtFormatter
from tests.support.breakage import refusing, without_table
from tests.support.service import Phone, Service, bearer, download_code, empty, exposure_key, start_service
from tests.support.settings import (
    HMAC_KEY,
    METRICS,
    OTHER_TOKEN,
    SECRETS,
    SIGNING_KEY,
    TEST_TOOLS_TOKEN,
    TOKEN,
    make_settings,
)

ADDRESS: Final = "203.0.113.77"
IPV6_ADDRESS: Final = "2001:db8:aaaa:bbbb::77"
HASH_ID: Final = "5ecre7" * 21 + "aa"
METRICS_TOKEN: Final = "the-token-of-metrics-5ecre7-5ecre7"
WRONG_TOKEN: Final = "a-token-that-was-never-issued"
WRONG_CODE: Final = "WRNGCDE222"
KEY_NUMBER: Final = 0x5EC2E7_5EC2E7_5EC2E7_5EC2E7_5EC2E7
REFUSED_KEY_NUMBER: Final = 0x0BAD_0BAD_0BAD_0BAD_0BAD_0BAD_0BAD

# The columns in which each kind of secret may be stored. Anything else is a leak.
ALLOWED: Final = {
    "phone's public key": {("encryption_keys", "app_public_key")},
    "server's public key": {("encryption_keys", "server_public_key")},
    "exposure key": {("diagnosis_keys", "key_data"), ("export_archive_parts", "content")},
}


@dataclass
class Traffic:
    """A day of every kind of request, with secrets that can be recognised."""

    service: Service
    secrets: dict[str, bytes] = field(default_factory=dict)
    responses: list[Any] = field(default_factory=list)
    log: str = ""
    columns: dict[tuple[str, str], bytes] = field(default_factory=dict)  # all values of each column
    redis: list[bytes] = field(default_factory=list)
    shown_metrics: bytes = b""

    def send(self, method: str, path: str, address: str = ADDRESS, **request: Any) -> Any:
        headers = {"X-Forwarded-For": f"198.51.100.9, {ADDRESS}", "Cookie": "session=the-secret-cookie"}
        request["headers"] = headers | request.get("headers", {})
        client = self.service.app.test_client(use_cookies=False)  # otherwise it removes the field
        response = client.open(path, method=method, environ_overrides={"REMOTE_ADDR": address}, **request)
        self.responses.append(response)
        return response

    def mark(self, name: str, value: bytes | str) -> None:
        self.secrets[name] = value if isinstance(value, bytes) else value.encode()

    def run(self) -> None:
        for name, value in (
            ("address", ADDRESS),
            ("IPv6 address", IPV6_ADDRESS[:19]),
            ("cookie", "the-secret-cookie"),
            ("token", TOKEN),
            ("other token", OTHER_TOKEN),
            ("token of the test tools", TEST_TOOLS_TOKEN),
            ("wrong token", WRONG_TOKEN),
            ("wrong code", WRONG_CODE),
            ("hashID", HASH_ID),
            ("operator's password", METRICS[1]),
            ("token of metrics", METRICS_TOKEN),
            ("operator's credentials", base64.b64encode(":".join(METRICS).encode())),
            ("signing key", SIGNING_KEY[-40:]),
            ("key of download codes", HMAC_KEY),
            *((name, SECRETS[name]) for name in ("SECRET_KEY", "SEALING_KEYS")),
        ):
            self.mark(name, value)
        self.codes_and_claims()
        self.uploads()
        self.downloads_and_statistics()
        self.metrics()
        self.read_stores()

    def metrics(self) -> None:
        """Send what was counted to Redis, fold a part of it, and read `/metrics`."""
        redis, instruments = self.service.app.context.redis, self.service.app.context.instruments
        store = IncrementStore(redis)
        flusher = Flusher(Instruments(), store, add_to_totals=True)
        flusher._instruments = instruments  # it has flushed nothing of them yet
        assert flusher.flush()
        totals = instruments.totals()
        series = {f"series-{number}": (1, 1) for number in range(len(totals))}
        later = datetime.now(UTC) + timedelta(minutes=2)
        assert fold_minutes(self.service.database, redis, lambda _: series, later) == 1
        assert Flusher(Instruments(), store, add_to_totals=True).flush()
        self.responses.append(self.service.client.get("/metrics", headers=bearer(METRICS_TOKEN)))
        self.shown_metrics = self.responses[-1].data
        store.add("another-process", [Batch(1, 1, totals)], add_to_totals=True)

    def codes_and_claims(self) -> None:
        service = self.service
        claimed = self.send("POST", "/new-key-claim", headers=bearer()).text.strip()
        self.mark("claimed code", claimed)
        self.mark("unclaimed code", self.send("POST", f"/new-key-claim/{HASH_ID}", headers=bearer()).text.strip())
        self.send("POST", "/new-key-claim", headers=bearer(WRONG_TOKEN))
        self.send("GET", f"/new-key-claim/{HASH_ID}", headers=bearer())
        self.phone = Phone()
        self.mark("phone's public key", self.phone.public_key)
        response = service.claim(claimed, self.phone.public_key)
        self.phone.server_public_key = response.data[2:34]
        self.mark("server's public key", self.phone.server_public_key)
        for address in (ADDRESS, IPV6_ADDRESS):
            for code in (WRONG_CODE, claimed):
                service.claim(code, environ_overrides={"REMOTE_ADDR": address})
        with refusing(service, "failed_key_claim_attempts", "INSERT"):
            self.responses.append(service.claim(WRONG_CODE))
        with refusing(service, "encryption_keys", "INSERT"):
            self.send("POST", f"/new-key-claim/{HASH_ID[::-1]}", headers=bearer())
        with without_table(service, "encryption_keys"):
            self.responses.append(service.claim(claimed))

    def uploads(self) -> None:
        service, phone = self.service, self.phone
        yesterday = (service.today - 1) * 144
        self.mark("exposure key", KEY_NUMBER.to_bytes(16, "big"))
        self.mark("refused exposure key", REFUSED_KEY_NUMBER.to_bytes(16, "big"))
        refused = exposure_key(REFUSED_KEY_NUMBER, rolling_start_interval_number=yesterday)
        self.responses.append(service.upload(phone, [refused], seconds=5))
        with refusing(service, "diagnosis_keys", "INSERT"):
            self.responses.append(service.upload(phone, [refused]))
        kept = exposure_key(KEY_NUMBER, rolling_start_interval_number=yesterday)
        assert service.upload(phone, [kept]).status_code == 200
        self.send("POST", "/upload", data=b"a-malformed-payload" * 10)
        self.mark("payload", b"a-malformed-payload")

    def downloads_and_statistics(self) -> None:
        service = self.service
        for day in (service.today, 0, service.today + 1):
            code = download_code(day, service.clock.now)
            self.mark(f"download code of {day}", code)
            for kind in ("retrieve", "qr"):
                self.send("GET", f"/{kind}/302/{day:05d}/{code}")
                self.send("GET", f"/{kind}/302/{day:05d}/{code[:-1]}x")
                self.send("GET", f"/nowhere/{day:05d}/{code}")
        self.send("GET", f"/events/{service.clock.now.date()}", auth=METRICS)
        self.send("GET", "/events/2026-99-99", auth=METRICS)
        self.send("GET", "/events/2026-03-18", auth=(METRICS[0], "a-wrong-password"))
        self.mark("wrong password", "a-wrong-password")
        self.send("POST", "/clear-diagnosis-keys", headers=bearer(WRONG_TOKEN))
        with without_table(service, "events"):
            self.send("GET", f"/events/{service.clock.now.date()}", auth=METRICS)
        roll_up_counters(service.database)
        purge(service.database, service.settings.submission, service.clock.now)
        report_failed_claims(service.database, service.clock.now)
        refresh_all(service.app.context.retrieval.builder, service.clock.now, service.clock.now - service.clock.now)

    def read_stores(self) -> None:
        """Remember what the database and Redis hold, before the next test empties them."""
        for table in metadata.sorted_tables:
            rows = self.service.rows(f"SELECT * FROM {table.name}")  # noqa: S608
            for column in table.columns:
                values = [row._mapping[column.name] for row in rows]
                self.columns[table.name, column.name] = b"\n".join(map(as_bytes, values))
        redis = self.service.app.context.redis
        read = {b"hash": redis.hgetall, b"zset": lambda key: redis.zrange(key, 0, -1), b"string": redis.get}
        self.redis = [key + b"=" + repr(read[redis.type(key)](key)).encode() for key in redis.scan_iter()]


def as_bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


@pytest.fixture(scope="module")
def traffic(database_url: str, redis_url: str) -> Iterator[Traffic]:
    """A day of traffic, with every log message."""
    overrides = {"ENABLE_TEST_TOOLS": "true", "TEST_TOOLS_TOKEN": TEST_TOOLS_TOKEN, "PUBLISH_ACTIVE_KEYS": "true"}
    overrides |= {"SURFACES": "submission,retrieval,status", "METRICS_TOKEN": METRICS_TOKEN}
    service = start_service(make_settings(database_url, redis_url, RATE_LIMITS="on", **overrides))
    empty(service)
    traffic, output, root = Traffic(service), io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(output), root.level
    handler.setFormatter(LogfmtFormatter())
    handler.addFilter(lambda record: not record.name.startswith("sqlalchemy"))
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with redirect_stderr(output):
            traffic.run()
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    traffic.log = output.getvalue()
    yield traffic
    service.database.dispose()
    service.app.context.redis.close()


def forms(secret: bytes) -> list[bytes]:
    """Return the forms in which a secret may appear: raw, hexadecimal, base64, escaped."""
    shown = [secret, secret.hex().encode(), base64.b64encode(secret).rstrip(b"=")[:-1], repr(secret)[2:-1].encode()]
    return [form.lower() for form in shown]


def found_in(text: bytes, secrets: dict[str, bytes]) -> set[str]:
    """Return the names of the secrets that a text contains."""
    lowered = text.lower()
    return {name for name, secret in secrets.items() if any(form in lowered for form in forms(secret))}


def test_logs_contain_no_secret(traffic: Traffic) -> None:
    assert traffic.log.count('msg="http response"') > 30
    assert traffic.log.count("InternalError at") >= 4  # whose messages from the database quote a row
    assert found_in(traffic.log.encode(), traffic.secrets) == set()


def test_refusals_and_statistics_do_not_echo_input(traffic: Traffic) -> None:
    shown = [each for each in traffic.responses if each.status_code != 200 or b"count" in each.data]
    assert {each.status_code for each in shown} >= {200, 400, 401, 404, 500}
    for response in shown:
        header = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
        assert found_in(response.data + header.encode(), traffic.secrets) == set(), response.request.path


def test_secrets_are_stored_only_where_the_data_model_states(traffic: Traffic) -> None:
    leaks = [
        f"{name} in {'.'.join(place)}"
        for place, content in traffic.columns.items()
        for name in found_in(content, traffic.secrets)
        if place not in ALLOWED.get(name, ())
    ]
    assert leaks == []


def test_permitted_secrets_are_stored(traffic: Traffic) -> None:
    """Without this, the other tests would pass if nothing was ever stored."""
    stored = b"\n".join(
        content for (table, _), content in traffic.columns.items() if table in ("encryption_keys", "diagnosis_keys")
    )
    assert found_in(stored, traffic.secrets) == ALLOWED.keys()


def test_metrics_contain_no_secret(traffic: Traffic) -> None:
    assert b'exposure_alert_codes_issued_total{jurisdiction="ON"}' in traffic.shown_metrics
    assert b'route="/new-key-claim/<hash_id:hash_id>"' in traffic.shown_metrics
    assert found_in(traffic.shown_metrics, traffic.secrets) == set()
    counted = b"".join(each for each in traffic.redis if each.startswith(b"metrics:"))
    assert counted.count(b"requests_total") > 20
    assert found_in(counted, traffic.secrets) == set()
    assert traffic.columns["objective_minutes", "objective"].count(b"series-") > 20


def test_redis_contains_no_secret(traffic: Traffic) -> None:
    assert len(traffic.redis) >= 3
    assert found_in(b"\n".join(traffic.redis), traffic.secrets) == set()


def test_secrets_are_hidden_in_the_repr_of_settings(service: Service) -> None:
    settings = service.settings
    shown = repr((settings, settings.submission, settings.retrieval))
    assert "max_consecutive_claim_key_failures=50" in shown
    for secret in (*SECRETS.values(), service.settings.database_url, service.settings.redis_url):
        assert secret not in shown
    for secret in (service.settings.submission.secret_key, *service.settings.submission.sealing_keys, TOKEN):
        assert str(secret) not in shown
