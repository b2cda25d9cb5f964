"""nginx with the configuration of a host, in front of real web processes."""

import os
import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import pytest

from app.objectives import load_objectives
from app.upkeep.status_publication import Publication
from processes.ports import LOOPBACK, reserve_port
from tests.deploy_host.hosts import NAMES, ROOT, host_settings, process, write_nginx
from tests.support.programs import require_program
from tests.support.service import Service, bearer, download_code
from tests.support.settings import SECRETS, TOKEN
from tests.support.waiting import wait_until

SURFACES = ("submission", "retrieval", "status")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
CLIENT = "203.0.113.9"  # an address that a client claims to have


@dataclass(frozen=True)
class Answer:
    """A response."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Proxy:
    """A running nginx."""

    https: int
    http: int
    folder: Path

    def ask(self, surface: str, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> Answer:
        """Send a request to the host name of a surface."""
        context = ssl.create_default_context(cafile=str(self.folder / "certificate.pem"))
        plain = socket.create_connection((LOOPBACK, self.https), timeout=30)
        connection = HTTPConnection(NAMES[surface])
        connection.sock = context.wrap_socket(plain, server_hostname=NAMES[surface])
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body or None, sent)
            response = connection.getresponse()
            fields = [name.lower() for name, _ in response.getheaders()]
            assert len(fields) == len(set(fields)), f"a field occurs twice: {fields}"
            return Answer(response.status, dict(zip(fields, response.headers.values(), strict=True)), response.read())
        finally:
            connection.close()

    def log(self) -> str:
        """Return nginx's own lines."""
        return (self.folder / "access.log").read_text() + (self.folder / "error.log").read_text()


@pytest.fixture(scope="module")
def proxy(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    nginx, folder = require_program("nginx"), tmp_path_factory.mktemp("proxy")
    folder.chmod(0o755)
    settings = host_settings(folder, SURFACES=",".join(SURFACES), REGION_CODE="302")
    ports = {surface: reserve_port() for surface in SURFACES}
    found = Proxy(reserve_port(), reserve_port(), folder)
    write_nginx(folder, settings, found.https, found.http, ports)
    (folder / "acme/.well-known/acme-challenge").mkdir(parents=True)
    (folder / "acme/.well-known/acme-challenge/token").write_text("challenge")
    command = [nginx, "-e", str(folder / "error.log"), "-c", str(folder / "conf" / "nginx.conf"), "-g"]
    checked = subprocess.run([*command[:-1], "-t"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    with ExitStack() as running:
        for surface in SURFACES:
            own = {"SURFACES": surface, "BIND_ADDR": f"{LOOPBACK}:{ports[surface]}", "TRUSTED_PROXIES": "1"}
            urls = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "ENV": "test", "WEB_CONCURRENCY": "1"}
            more = {"RELEASE_PERIOD_HOURS": "0", "SECURITY_CONTACT": "mailto:security@example.org"}
            running.enter_context(process(["bin/web"], SECRETS | urls | more | own, folder / surface))
        user = "user root;" if os.geteuid() == 0 else ""  # its workers must read this folder
        running.enter_context(process([*command, f"daemon off; {user}"], {}, folder / "nginx.log"))
        for surface in SURFACES:
            wait_until(lambda surface=surface: _answers(found, surface), f"{surface} answers through nginx")
        yield found


def _answers(proxy: Proxy, surface: str) -> bool:
    try:
        return proxy.ask(surface, "/services/ping").status == 200
    except OSError:
        return False


def archive_path() -> str:
    """Return the path of today's archive."""
    now = datetime.now(UTC)
    day = int(now.timestamp()) // 86400
    return f"/retrieve/302/{day}/{download_code(day, now)}"


@pytest.fixture(autouse=True)
def migrated(make_service: Callable[..., Service]) -> Service:
    """The database of the web processes, empty."""
    return make_service()


def test_an_archive_is_cached_whatever_its_spelling_and_for_its_own_time(proxy: Proxy) -> None:
    path = archive_path()
    first, again = proxy.ask("retrieval", path), proxy.ask("retrieval", f"{path}?another=1")
    assert (first.status, again.status) == (200, 200)
    assert first.body == again.body
    assert first.headers["cache-control"] == "public, max-age=3600, stale-while-revalidate=600"
    tag = {"If_None_Match": first.headers["etag"]}
    assert proxy.ask("retrieval", path, **tag).status == 304
    # nginx writes a line after the response.
    wait_until(lambda: proxy.log().count("route=retrieve ") == 3, "three requests are logged")
    assert proxy.log().count("route=retrieve status=200") == 2
    assert len(re.findall("route=retrieve .* cache=HIT", proxy.log())) == 2


def test_a_redirect_and_an_error_are_not_cached(proxy: Proxy) -> None:
    path = archive_path().replace("/302/", "/999/")
    assert [proxy.ask("retrieval", path).status for _ in range(2)] == [301, 301]
    wrong = archive_path()[:-64] + "0" * 64
    assert [proxy.ask("retrieval", wrong).status for _ in range(2)] == [401, 401]
    stored = [file for file in (proxy.folder / "cache").rglob("*") if file.is_file()]
    assert len(stored) <= 1  # the archive of another test


def test_the_configuration_is_cached_and_events_are_not(proxy: Proxy) -> None:
    for _ in range(2):
        assert proxy.ask("retrieval", "/exposure-configuration/CA.json?x=1").status == 200
        assert proxy.ask("retrieval", "/events/2026-01-01").status == 401
    wait_until(lambda: proxy.log().count("route=events") == 2, "the requests are logged")
    assert "route=configuration status=200" in proxy.log()
    assert re.search("route=configuration .* cache=HIT", proxy.log())
    assert not re.search("route=events .* cache=[A-Z]", proxy.log())


def test_the_cache_rules_are_those_of_the_operations_guide() -> None:
    section = OPERATIONS.split("\n## Behind a CDN\n")[1].split("\n## ")[0]
    block = re.search(r"^```nginx\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    assert block is not None
    documented = [
        line.strip() for line in block[1].replace("proxy_cache archives", "proxy_cache ${ARCHIVE_CACHE}").splitlines()
    ]
    template = (ROOT / "deploy" / "proxy" / "sites" / "retrieval.conf.template").read_text()
    lines = [line.strip() for line in template.splitlines()]
    start = lines.index("location @archive {")
    # Files are asked first, so that this is what the first location of the guide does for all others.
    assert lines[start + 1 : start + len(documented) - 1] == documented[2:]


def test_an_archive_that_is_a_file_is_served_without_the_service(proxy: Proxy) -> None:
    path = "/retrieve/302/18500/" + "ab" * 32
    assert proxy.ask("retrieval", path).status == 401
    file = proxy.folder / "downloads" / path[1:]
    file.parent.mkdir(parents=True)
    file.write_bytes(b"an archive")
    answer = proxy.ask("retrieval", f"{path}?another=1")
    assert (answer.status, answer.body) == (200, b"an archive")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "public, max-age=3600, stale-while-revalidate=600"
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert proxy.ask("retrieval", path, If_None_Match=answer.headers["etag"]).status == 304
    file.unlink()
    assert proxy.ask("retrieval", path).status == 401


def test_status_pages_are_kept_and_notes_pass(proxy: Proxy, make_service: Callable[..., Service]) -> None:
    context = make_service(SURFACES="status").app.context
    Publication(context.status, context.incidents, load_objectives()).publish(datetime.now(UTC))
    assert [proxy.ask("status", "/status/en").status for _ in range(2)] == [200, 200]
    wait_until(lambda: proxy.log().count("route=status status=200") == 2, "the requests are logged")
    assert re.search("route=status .* cache=HIT", proxy.log())
    assert proxy.ask("status", "/status/notes", "POST").status == 401
    assert proxy.ask("status", "/status/en", "POST").status == 405
    assert proxy.ask("status", "/claim-key", "POST").status == 404
    assert proxy.ask("status", "/metrics").status == 404


def test_each_surface_answers_its_own_paths_only(proxy: Proxy) -> None:
    assert proxy.ask("submission", "/new-key-claim", "POST", **bearer()).status == 200
    for path in (archive_path(), "/events/2026-01-01", "/exposure-configuration/CA.json", "/", "/portal"):
        assert proxy.ask("submission", path).status == 404, path
    assert proxy.ask("retrieval", "/new-key-claim", "POST", **bearer()).status == 405
    assert proxy.ask("retrieval", "/new-key-claim").status == 404
    for surface in SURFACES:
        assert proxy.ask(surface, "/services/ready").status == 404
        assert proxy.ask(surface, "/.well-known/security.txt").status == 200


def test_all_responses_have_the_headers_of_security_once(proxy: Proxy) -> None:
    answers = [
        proxy.ask("submission", "/services/ping"),
        proxy.ask("submission", "/claim-key", "POST", b"x"),
        proxy.ask("submission", "/nothing"),
        proxy.ask("retrieval", archive_path()),
        proxy.ask("retrieval", "/upload", "POST"),
    ]
    assert [answer.status for answer in answers] == [200, 400, 404, 200, 405]
    for answer in answers:
        assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["server"] == "nginx"


def test_a_body_that_is_too_long_is_refused_before_it_reaches_the_service(proxy: Proxy) -> None:
    assert proxy.ask("submission", "/upload", "POST", bytes(70_000)).status == 413
    wait_until(lambda: "route=upload status=413" in proxy.log(), "the request is logged")
    refused = next(line for line in proxy.log().splitlines() if "route=upload status=413" in line)
    assert refused.endswith("upstream=-") or refused.endswith("upstream=")


def test_a_client_cannot_choose_its_address(proxy: Proxy, migrated: Service) -> None:
    """The ban on guessing counts the address that nginx saw, whatever the client sends."""
    body = b"\x0a\x08WRONGWRO\x12\x20" + bytes(32)
    for number in range(3):
        claimed = f"198.51.100.{number}"
        assert proxy.ask("submission", "/claim-key", "POST", body, X_Forwarded_For=claimed).status == 401
    assert migrated.rows("SELECT count(*), max(failures) FROM failed_key_claim_attempts") == [(1, 3)]


def test_the_log_contains_no_address_no_token_and_no_path(proxy: Proxy) -> None:
    path = archive_path()
    proxy.ask("retrieval", path)
    proxy.ask("submission", f"/new-key-claim/{'a' * 128}", "POST", **bearer(), X_Forwarded_For=CLIENT)
    proxy.ask("submission", "/nothing?secret=value")
    wait_until(lambda: "route=new-key-claim" in proxy.log() and "route=other" in proxy.log(), "lines are logged")
    text = proxy.log()
    found = [word for word in (LOOPBACK, CLIENT, TOKEN, path[-64:], "a" * 16, "secret=value", "?") if word in text]
    assert found == []


def test_a_flood_from_one_address_is_limited(proxy: Proxy) -> None:
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: proxy.ask("submission", "/services/ping").status, range(400)))
    assert set(statuses) == {200, 429}
    assert statuses.count(200) >= 100
    wait_until(lambda: proxy.ask("submission", "/services/ping").status == 200, "the limit passes")


def test_a_known_connection_reaches_no_page_of_nginx_under_another_name(proxy: Proxy) -> None:
    assert proxy.ask("submission", "/", Host="another.example.org").status == 421


def test_an_unknown_name_gets_no_certificate_and_port_80_only_challenges(proxy: Proxy) -> None:
    context = ssl.create_default_context(cafile=str(proxy.folder / "certificate.pem"))
    with socket.create_connection((LOOPBACK, proxy.https), timeout=30) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="another.example.org")
    answers = {}
    for path in ("/.well-known/acme-challenge/token", "/claim-key"):
        connection = HTTPConnection(LOOPBACK, proxy.http, timeout=30)
        connection.request("GET", path)
        response = connection.getresponse()
        answers[path] = (response.status, response.getheader("Location"))
        connection.close()
    assert answers == {"/.well-known/acme-challenge/token": (200, None), "/claim-key": (404, None)}
