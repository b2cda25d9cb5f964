"""What nginx of a host counts as one client: an IPv4 address, or the /64 of an IPv6 address, as the service does."""

import os
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from processes.ports import LOOPBACK, reserve_port
from tests.deploy_host.hosts import NAMES, host_settings, process, write_nginx
from tests.support.programs import require_program
from tests.support.waiting import wait_until

SURFACES = ("submission", "retrieval", "portal", "sharing", "status")
IPV6 = "2001:db8:1:2::"
SAME_NETWORK = "2001:db8:1:2:ffff:ffff:ffff:fffe"
LINE_FEED = "2001:db8:1:2:a0a:a0a:0:a00"  # bytes that end a line of text
OTHER_NETWORK = "2001:db8:1:3::"
LINE_FEED_NETWORK = "a0a:a00:a0a:a::1"
MAPPED = "::ffff:192.0.2.1"
LIMITED, PASSED_ON = 429, 502  # there is no web process


@pytest.fixture
def https(tmp_path: Path) -> Iterator[int]:
    """The port of an nginx that passes on two requests a client and minute, and believes X-Forwarded-For."""
    tmp_path.chmod(0o755)
    nginx, https, dead = require_program("nginx"), reserve_port(), reserve_port()
    settings = host_settings(tmp_path, SURFACES=",".join(SURFACES), CDN_NETWORKS=f"{LOOPBACK}/32")
    write_nginx(tmp_path, settings, https, reserve_port(), dict.fromkeys(SURFACES, dead))
    for file in (tmp_path / "conf").rglob("*.conf"):
        text = re.sub(r"rate=\d+r/s", "rate=1r/m", file.read_text())
        text = re.sub(r"burst=\d+", "burst=1", text).replace("limit_conn connections 100", "limit_conn connections 1")
        file.write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""
    command = [nginx, "-e", str(tmp_path / "error.log"), "-c", str(tmp_path / "conf/nginx.conf")]
    with process([*command, "-g", f"daemon off; {user}"], {}, tmp_path / "nginx.log"):
        wait_until(lambda: _listens(https), "nginx listens")
        yield https


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((LOOPBACK, port)) == 0


@contextmanager
def connected(port: int, surface: str) -> Iterator[HTTPConnection]:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = HTTPConnection(NAMES[surface])
    plain = socket.create_connection((LOOPBACK, port), timeout=30)
    connection.sock = context.wrap_socket(plain, server_hostname=NAMES[surface])
    try:
        yield connection
    finally:
        connection.close()


def ask(port: int, client: str, surface: str = "submission") -> int:
    with connected(port, surface) as connection:
        connection.request("GET", "/services/ping", headers={"X-Forwarded-For": client})
        return connection.getresponse().status


@pytest.mark.parametrize("surface", SURFACES)
def test_all_addresses_of_one_ipv6_network_share_the_limit_of_requests(https: int, surface: str) -> None:
    statuses = [ask(https, client, surface) for client in (IPV6, SAME_NETWORK, LINE_FEED, SAME_NETWORK)]
    assert statuses == [PASSED_ON, PASSED_ON, LIMITED, LIMITED]
    assert ask(https, OTHER_NETWORK, surface) == PASSED_ON


def test_a_network_whose_bytes_end_a_line_of_text_is_one_client_too(https: int) -> None:
    clients = [LINE_FEED_NETWORK, "a0a:a00:a0a:a::2", "a0a:a00:a0a:a:a0a::"]
    assert [ask(https, client) for client in clients] == [PASSED_ON, PASSED_ON, LIMITED]


def test_each_ipv4_address_has_its_own_limit_also_as_an_ipv6_address(https: int) -> None:
    assert [ask(https, client) for client in ("192.0.2.1", MAPPED, "192.0.2.1")] == [PASSED_ON, PASSED_ON, LIMITED]
    assert [ask(https, client) for client in ("192.0.2.2", "::ffff:192.0.2.3")] == [PASSED_ON, PASSED_ON]


def test_all_addresses_of_one_ipv6_network_share_the_limit_of_connections(https: int) -> None:
    """A request that waits for its body is counted until the body has come."""
    with connected(https, "submission") as waiting:
        headers = {"X-Forwarded-For": IPV6, "Content-Length": "1", "Expect": "100-continue"}
        waiting.putrequest("POST", "/upload")
        for name, value in headers.items():
            waiting.putheader(name, value)
        waiting.endheaders()
        assert waiting.sock.recv(100).startswith(b"HTTP/1.1 100 ")
        assert ask(https, SAME_NETWORK) == LIMITED
        assert ask(https, OTHER_NETWORK) == PASSED_ON
