"""The web process (bin/web): granian and gunicorn answer alike, and neither can be deceived or worn out."""

import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
import requests

from app.proto import covidshield_pb2 as wire
from processes.ports import can_bind, reserve_port
from tests.support.service import Phone, Service, download_code
from tests.support.settings import SECRETS
from tests.support.torture import both_servers, only_in_torture

ROOT = Path(__file__).parents[3]
SERVER_OWN_HEADERS = {"Date", "Server", "Connection"}
FEW_FILES = 60
WAIT_SECONDS = 30


@contextmanager
def running(
    service: Service,
    server: str,
    log: Path | None = None,
    files: int | None = None,
    is_asked: bool = True,
    exit_codes: tuple[int, ...] = (0, -signal.SIGTERM),
    **changes: str,
) -> Iterator[str]:
    """Start bin/web; return its address; stop it and check its exit code.

    Unless `is_asked`, it has not had a request yet.
    """
    port = reserve_port()
    environment = SECRETS | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DATABASE_URL": service.settings.database_url.replace("+psycopg2", ""),
        "REDIS_URL": service.settings.redis_url,
        "TRUSTED_PROXIES": "1",
        "WEB_SERVER": server,
        "WEB_CONCURRENCY": "1",
        "BIND_ADDR": f"127.0.0.1:{port}",
        **{name: value.format(port=port) for name, value in changes.items()},
    }
    limits = (files, files) if files else resource.getrlimit(resource.RLIMIT_NOFILE)
    with (log or Path(os.devnull)).open("wb") as output:
        process = subprocess.Popen(
            [ROOT / "bin" / "web"],
            env=environment,
            stderr=output,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limits),
        )
    host, _, _ = environment["BIND_ADDR"].rpartition(":")
    address = f"http://{host or '127.0.0.1'}:{port}"
    try:
        if is_asked:
            wait_for(f"{address}/services/ping")
        else:
            while can_bind("127.0.0.1", port):
                assert process.poll() is None
                time.sleep(0.05)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_SECONDS) in exit_codes


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if requests.get(url, timeout=30).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    pytest.fail("the web process did not answer")


def answers(url: str) -> list[tuple[int, bytes, dict[str, str]]]:
    """Return what a server answers to downloads, to conditions, to mistakes and to other methods."""
    now = datetime.now(UTC)
    day = int(now.timestamp()) // 86400
    path = f"/retrieve/302/{day}/{download_code(day, now)}"
    etag = requests.get(url + path, timeout=30).headers["ETag"]
    found = []
    for method, target, headers in (
        ("GET", path, {}),
        ("GET", path, {"If-None-Match": etag}),
        ("HEAD", path, {}),
        ("POST", path, {}),
        ("GET", path + "0", {}),
        ("GET", "/nothing", {}),
        ("GET", "//services//ping", {}),
        ("GET", "/services/present", {}),
        ("HEAD", "/services/ping", {}),
        ("GET", "/exposure-configuration/CA.json", {}),
    ):
        answer = requests.request(
            method, url + target, headers=headers | {"X-Request-Id": "one"}, timeout=30, allow_redirects=False
        )
        kept = {name.title(): value for name, value in answer.headers.items() if name.title() not in SERVER_OWN_HEADERS}
        found.append((answer.status_code, answer.content, kept))
    return found


def test_granian_answers_as_gunicorn_does(service: Service) -> None:
    with running(service, "gunicorn") as gunicorn, running(service, "granian") as granian:
        for one, other in zip(answers(gunicorn), answers(granian), strict=True):
            assert one == other


@both_servers
@pytest.mark.parametrize("names", [("X-Forwarded-For", "X_Forwarded_For"), ("X_Forwarded_For", "X-Forwarded-For")])
def test_guesses_are_counted_together_whatever_addresses_a_client_invents(
    service: Service, server: str, names: tuple[str, str]
) -> None:
    service.app.context.redis.flushall()
    with running(service, server, RATE_LIMITS="on", RATE_LIMIT_EVENTS="3") as url:
        statuses = []
        for number in range(9):
            addresses = {"X-Forwarded-For": "203.0.113.5", "X_Forwarded_For": f"192.0.2.{number}"}
            headers = {name: addresses[name] for name in names}
            statuses.append(requests.get(f"{url}/events/2026-03-18", headers=headers, timeout=30).status_code)
    assert statuses[-1] == 429


@pytest.mark.parametrize("server", ["granian", "gunicorn"])
def test_a_network_is_banned_whatever_addresses_a_client_invents(service: Service, server: str) -> None:
    with running(service, server, MAX_CONSECUTIVE_CLAIM_KEY_FAILURES="3", RATE_LIMITS="off") as url:
        statuses = []
        for number in range(6):
            headers = {"X-Forwarded-For": "203.0.113.5", "X_Forwarded_For": f"192.0.2.{number}"}
            body = claim("0000000000")
            statuses.append(requests.post(f"{url}/claim-key", data=body, headers=headers, timeout=30).status_code)
    assert statuses == [401, 401, 401, 429, 429, 429]


@both_servers
def test_a_port_alone_is_every_interface_of_both_families(service: Service, server: str) -> None:
    with running(service, server, BIND_ADDR="", PORT="{port}") as url:
        port = port_of(url)
        for host in ("127.0.0.1", "[::1]") if has_ipv6() else ("127.0.0.1",):
            assert requests.get(f"http://{host}:{port}/services/ping", timeout=30).text == "OK\n"


@both_servers
@pytest.mark.skipif("not has_ipv6()", reason="this machine has no IPv6")
def test_an_ipv6_address_may_be_listened_on(service: Service, server: str) -> None:
    with running(service, server, BIND_ADDR="[::1]:{port}") as url:
        assert requests.get(f"{url}/services/ping", timeout=30).text == "OK\n"


@only_in_torture
@both_servers
def test_a_process_that_had_no_file_descriptor_left_recovers(service: Service, server: str) -> None:
    with running(service, server, files=FEW_FILES, is_asked=False) as url:
        with ExitStack() as stack:
            clients = [stack.enter_context(socket.socket()) for _ in range(200)]
            for client in clients:
                client.setblocking(False)
                client.connect_ex(("127.0.0.1", port_of(url)))
            time.sleep(2)  # the process has opened as many as it can
            for client in clients:
                with suppress(OSError):
                    client.send(b"GET /services/ping HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(2)
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline and statuses_of(url) != [200] * 12:
            time.sleep(0.2)
        assert statuses_of(url) == [200] * 12


@only_in_torture
@both_servers
def test_no_line_of_the_servers_own_quotes_a_request(service: Service, server: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running(service, server, log) as url:
        for request in (b"GET /a-secret\r\n\r\n", b"A-SECRET\x00 / HTTP/1.1\r\na-secret\r\n\r\n", b"\x16\x03a-secret"):
            with socket.create_connection(("127.0.0.1", port_of(url)), timeout=30) as client:
                client.sendall(request)
                client.shutdown(socket.SHUT_WR)
                client.makefile("rb").read()
    logged = log.read_text()
    assert "secret" not in logged.lower()
    assert all(line.startswith("time=") for line in logged.splitlines())


@both_servers
def test_a_request_that_has_begun_is_answered_before_the_process_ends(service: Service, server: str) -> None:
    with running(service, server) as url, socket.socket() as client:
        main = process_at(url)
        client.settimeout(30)
        client.connect(("127.0.0.1", port_of(url)))
        client.sendall(b"POST /claim-key HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab")
        time.sleep(0.5)  # it has reached the process
        main.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        client.sendall(b"cd")
        assert client.makefile("rb").read().startswith(b"HTTP/1.1 400 ")


def test_workers_end_when_granian_is_killed(service: Service) -> None:
    with running(service, "granian", exit_codes=(-signal.SIGKILL,)) as url:
        main = process_at(url)
        workers = main.children()
        assert workers
        main.kill()
        _, alive = psutil.wait_procs(workers, WAIT_SECONDS)
        assert alive == []


@pytest.mark.parametrize("name", ["WEB_CONCURRENCY", "WEB_THREADS", "WEB_GRACEFUL_SECONDS", "PORT", "BIND_ADDR"])
def test_a_malformed_number_is_one_clear_line(service: Service, name: str) -> None:
    environment = SECRETS | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DATABASE_URL": "postgresql://x@127.0.0.1:1/x",
        "REDIS_URL": service.settings.redis_url,
        name: "many",
    }
    result = subprocess.run([ROOT / "bin" / "web"], env=environment, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert re.fullmatch(rf"{name}: [^\n]+\n", result.stderr)


def test_an_unknown_server_is_one_clear_line() -> None:
    environment = {"PATH": os.environ["PATH"], "WEB_SERVER": "apache"}
    result = subprocess.run([ROOT / "bin" / "web"], env=environment, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr == "WEB_SERVER: 'apache' is neither granian nor gunicorn\n"


@pytest.mark.parametrize(
    ("environment", "warns"),
    [
        ({"ENV": "production", "TRUSTED_PROXIES": "0"}, True),
        ({"ENV": "production", "TRUSTED_PROXIES": "1"}, False),
        ({"ENV": "staging", "TRUSTED_PROXIES": "0"}, False),
    ],
)
def test_gunicorn_warns_in_production_without_a_proxy(
    service: Service, environment: dict[str, str], warns: bool, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with running(service, "gunicorn", log, **environment):
        pass
    assert ("gunicorn without a buffering proxy" in log.read_text()) == warns


def port_of(url: str) -> int:
    """Return the port of an address."""
    return int(url.rpartition(":")[2])


def process_at(url: str) -> psutil.Process:
    """Return the first process of the server at an address."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):  # an ended child of another test has no environment
            if child.environ().get("BIND_ADDR") == f"127.0.0.1:{port_of(url)}":
                found.append(child)
    (process,) = found
    return process


def claim(code: str) -> bytes:
    """Return the body of a claim."""
    return wire.KeyClaimRequest(one_time_code=code, app_public_key=Phone().public_key).SerializeToString()


def has_ipv6() -> bool:
    """Return whether this machine can listen on ::1."""
    return socket.has_ipv6 and can_bind("::1", 0)


def statuses_of(url: str) -> list[int]:
    """Return the statuses of a dozen pings, each on a connection of its own; 0 for one that failed."""
    statuses = []
    for _ in range(12):
        try:
            statuses.append(requests.get(f"{url}/services/ping", timeout=30).status_code)
        except requests.ConnectionError:
            statuses.append(0)
    return statuses
