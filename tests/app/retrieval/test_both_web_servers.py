"""What clients, proxies and logs of either web server (bin/web) can rely on."""

import socket
from datetime import UTC, datetime
from pathlib import Path

import requests

from tests.app.retrieval.test_web_servers import port_of, running
from tests.support.service import Service, download_code
from tests.support.torture import both_servers


@both_servers
def test_every_line_is_logged_once(service: Service, server: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running(service, server, log, RATE_LIMITS="off") as url:
        assert requests.post(f"{url}/claim-key", data=b"not a claim", timeout=30).status_code == 400
    assert log.read_text().count('msg="claim refused"') == 1


@both_servers
def test_a_download_may_be_requested_with_an_absolute_address(service: Service, server: str) -> None:
    now = datetime.now(UTC)
    day = int(now.timestamp()) // 86400
    path = f"/retrieve/302/{day}/{download_code(day, now)}"
    with running(service, server) as url:
        for origin in ("", "http://x", "HTTP://x:80"):  # RFC 9112, 3.2.2
            request = f"GET {origin}{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            with socket.create_connection(("127.0.0.1", port_of(url)), timeout=30) as client:
                client.sendall(request.encode())
                assert client.makefile("rb").read().startswith(b"HTTP/1.1 200 ")
