"""A CDN serves downloads from a bucket, and the service answers only what is not there (docs/operations.md).

nginx is three edges of the CDN, and moto the bucket, which the worker's job fills.
"""

import json
import random
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import boto3
import pytest

from app.domain.timeline import day_number
from app.retrieval.builder import refresh_all
from app.retrieval.download_files import open_download_files
from app.retrieval.publishing import Publisher, publish_downloads
from bench.national import count_misses
from processes.ports import LOOPBACK, reserve_port
from tests.support.aws import set_credentials
from tests.support.nginx import running_nginx
from tests.support.service import Service, download_code
from tests.support.settings import SECRETS
from tests.support.stored import store_key
from tests.support.web import web_process

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "operations.md"
SECTION: Final = (
    DOCUMENT.read_text(encoding="utf-8").split("\n### Downloads without the service\n")[1].split("\n## ")[0]
)
(LOCATIONS,) = re.findall(r"^```nginx\n(.*?)^```$", SECTION, re.DOTALL | re.MULTILINE)
EDGES: Final = 3
BUCKET: Final = "downloads"
# nginx has no identity of AWS, as CloudFront has.
READABLE: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    ],
}

HTTP: Final = """
  log_format asked escape=json '{{"edge": "$server_port", "asked": "$upstream_addr", "path": "$request_uri"}}';
  access_log {folder}/access.log asked;
  upstream bucket {{ server {bucket}; }}
  upstream retrieval {{ server {service}; }}
{edges}
"""
EDGE: Final = """
  proxy_cache_path {folder}/cache{port} keys_zone=archives{port}:1m use_temp_path=off;
  server {{
    listen {host}:{port};
    {locations}
  }}
"""


@dataclass(frozen=True)
class Cdn:
    """Three edges, and what each asked."""

    ports: list[int]
    bucket: str
    service: str
    log: Path
    web_log: Path

    def get(self, edge: int, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes, str | None]:
        """Return the status, the body and the entity tag of a response."""
        connection = HTTPConnection(LOOPBACK, self.ports[edge], timeout=60)
        try:
            connection.request("GET", path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read(), response.getheader("ETag")
        finally:
            connection.close()

    def asked(self) -> Counter[str]:
        """Return how many requests the bucket and the service answered."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return Counter(
            line["asked"].split(" : ")[-1].split(", ")[-1] for line in lines if line["asked"] not in ("", "-")
        )


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an S3 server with an empty bucket."""
    with warnings.catch_warnings():  # it asks for all that any service of AWS needs
        warnings.simplefilter("ignore")
        from moto.server import ThreadedMotoServer
    set_credentials(monkeypatch)
    server = ThreadedMotoServer(LOOPBACK, 0, verbose=False)
    server.start()
    try:
        address = f"{LOOPBACK}:{server.get_host_and_port()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{address}")
        forgetting = HTTPConnection(address, timeout=60)
        forgetting.request("POST", "/moto-api/reset")  # what it has of another test
        assert forgetting.getresponse().status == 200
        forgetting.close()
        location = {"LocationConstraint": "ca-central-1"}
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
        s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(READABLE))
        yield address
    finally:
        server.stop()


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    """The worker's application, whose clock is the machine's."""
    service = make_service(PUBLISH_ACTIVE_KEYS="true", EXPORT_MAX_AGE_SECONDS="3600")
    service.clock.now = datetime.now(UTC)
    return service


@pytest.fixture
def cdn(service: Service, bucket: str, tmp_path: Path) -> Iterator[Cdn]:
    """The edges, before the bucket and a web process."""
    environment = SECRETS | {
        "DATABASE_URL": service.settings.database_url.replace("+psycopg2", ""),
        "REDIS_URL": service.settings.redis_url,
        "SURFACES": "retrieval",
        "EXPORT_MAX_AGE_SECONDS": "3600",
        "PUBLISH_ACTIVE_KEYS": "true",
    }
    folder, ports = tmp_path / "nginx", [reserve_port() for _ in range(EDGES)]
    folder.mkdir()
    with web_process(environment, tmp_path / "log") as web:
        origin = f"{LOOPBACK}:{web.port}"
        edges = "".join(
            EDGE.format(
                folder=folder,
                host=LOOPBACK,
                port=port,
                locations=LOCATIONS.replace("cache archives;", f"cache archives{port};"),
            )
            for port in ports
        )
        http = HTTP.format(folder=folder, bucket=bucket, service=origin, edges=edges)
        with running_nginx(folder, http, ports[-1]):
            yield Cdn(ports, bucket, origin, folder / "access.log", web.log)


def publish(service: Service) -> None:
    """Do what the worker does."""
    builder = service.app.context.retrieval.builder
    refresh_all(builder, service.clock.now, timedelta(seconds=40))
    publish_downloads(Publisher(builder, open_download_files(f"s3://{BUCKET}")), service.clock.now)


def test_downloads_reach_the_bucket_as_simulated_and_never_the_service(service: Service, cdn: Cdn) -> None:
    store_key(service, 1)
    publish(service)
    today, source = day_number(service.clock.now), random.Random(7)
    days = [0, *range(today - 14, today + 1)]
    clocks = [service.clock.now + timedelta(hours=near) for near in (-1, 0, 0, 0, 0, 0, 1)]
    stored = open_download_files(f"s3://{BUCKET}").paths()  # before midnight, without those of the next hour
    addresses = [
        f"/retrieve/302/{day:05d}/{download_code(day, source.choice(clocks))}" for day in source.choices(days, k=1500)
    ]
    wanted = [(source.randrange(EDGES), path) for path in addresses if path in stored]
    wanted_before = cdn.asked()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda each: cdn.get(*each), wanted))
    assert {status for status, _, _ in answers} == {200}
    asked = cdn.asked() - wanted_before
    assert asked == {cdn.bucket: count_misses((0.0, edge, path) for edge, path in wanted)}
    assert "/retrieve/" not in cdn.web_log.read_text()
    served = {path: body for (_, path), (_, body, _) in zip(wanted, answers, strict=True)}
    for path, body in random.Random(8).sample(sorted(served.items()), 20):
        assert service.client.get(path).data == body


def test_what_is_not_in_the_bucket_is_answered_by_the_service_exactly(service: Service, cdn: Cdn) -> None:
    publish(service)
    today, now = day_number(service.clock.now), service.clock.now
    refused = {
        f"/retrieve/302/{today}/{'0' * 64}": 401,
        f"/retrieve/302/{today}/{download_code(today, now + timedelta(hours=3))}": 401,
        f"/retrieve/302/{today + 1}/{download_code(today + 1, now)}": 404,
        f"/retrieve/302/{today - 20}/{download_code(today - 20, now)}": 410,
        f"/retrieve/124/{today}/{download_code(today, now)}": 301,
    }
    for path, status in refused.items():
        origin = service.client.get(path)
        assert (origin.status_code, cdn.get(0, path)[:2]) == (status, (status, origin.data)), path


def test_a_service_whose_worker_is_down_still_answers(service: Service, cdn: Cdn) -> None:
    today = day_number(service.clock.now)  # nothing was published
    path = f"/retrieve/302/{today}/{download_code(today, service.clock.now)}"
    assert [cdn.get(1, path)[0] for _ in range(2)] == [200, 200]
    assert cdn.asked()[cdn.service] >= 1


def test_a_copy_is_revalidated_with_the_bucket(service: Service, cdn: Cdn) -> None:
    publish(service)
    today = day_number(service.clock.now)
    path = f"/retrieve/302/{today}/{download_code(today, service.clock.now)}"
    _, _, tag = cdn.get(0, path)
    assert tag is not None
    assert cdn.get(0, path, {"If-None-Match": tag})[:2] == (304, b"")
    with closing(HTTPConnection(*cdn.bucket.split(":"))) as connection:
        connection.request("GET", f"/{BUCKET}{path}", headers={"If-None-Match": tag})
        assert connection.getresponse().status == 304
