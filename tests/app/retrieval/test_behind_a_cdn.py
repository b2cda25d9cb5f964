"""nginx as a CDN, with the configuration of docs/operations.md, in front of the real web process."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import pytest

from processes.ports import LOOPBACK, reserve_port
from tests.support.nginx import running_nginx
from tests.support.service import Service, download_code
from tests.support.settings import SECRETS
from tests.support.web import web_process

DOCUMENT: Final = Path(__file__).parents[3] / "docs" / "operations.md"
SECTION: Final = DOCUMENT.read_text(encoding="utf-8").split("\n## Behind a CDN\n")[1].split("\n##")[0]
(LOCATIONS,) = re.findall(r"^```nginx\n(.*?)^```$", SECTION, re.DOTALL | re.MULTILINE)

HTTP: Final = """
  log_format origin "$upstream_addr $upstream_status $request_uri";
  access_log {folder}/access.log origin;
  proxy_cache_path {folder}/cache keys_zone=archives:1m use_temp_path=off;
  upstream retrieval {{ server {origin}; }}
  server {{
    listen {address};
    {locations}
  }}
"""


@dataclass(frozen=True)
class Cdn:
    """A running nginx, and what it asked the origin."""

    host: str
    port: int
    folder: Path

    def get(self, path: str) -> tuple[int, str | None, bytes]:
        """Return the status, the `Location` and the body of a response."""
        connection = HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.getheader("Location"), response.read()
        finally:
            connection.close()

    def asked(self) -> list[str]:
        """Return the status of the origin, and the path, of each request that was passed on."""
        lines = (self.folder / "access.log").read_text().splitlines()
        return [line.partition(" ")[2] for line in lines if not line.startswith("- ")]

    def stored(self) -> list[Path]:
        """Return the files of the cache."""
        return [path for path in (self.folder / "cache").rglob("*") if path.is_file()]


@pytest.fixture
def cdn(make_service: Callable[..., Service], tmp_path: Path) -> Iterator[Cdn]:
    """The CDN, with an empty cache, in front of a web process whose clock is the machine's."""
    service = make_service()
    environment = SECRETS | {
        "DATABASE_URL": service.settings.database_url.replace("+psycopg2", ""),
        "REDIS_URL": service.settings.redis_url,
        "SURFACES": "retrieval",
    }
    folder, port = tmp_path / "nginx", reserve_port()
    folder.mkdir()
    with web_process(environment, tmp_path / "log") as web:
        http = HTTP.format(
            folder=folder,
            address=f"{LOOPBACK}:{port}",
            origin=f"{LOOPBACK}:{web.port}",
            locations=LOCATIONS,
        )
        with running_nginx(folder, http, port):
            yield Cdn(LOOPBACK, port, folder)


def spellings(day: int, code: str) -> tuple[list[str], list[str]]:
    """Return spellings of an archive's path that the CDN can normalise, and some that only the origin knows."""
    escaped = [f"/retrieve/302/{day}/{code[:n]}%{ord(code[n]):02x}{code[n + 1 :]}" for n in range(20)]
    queries = [f"/retrieve/302/{day}/{code}?{number}" for number in range(20)]
    unclean = [f"//retrieve/302/{day}/{code}", f"/retrieve/./302/{day}/{code}", f"/x/../retrieve/302/{day}/{code}"]
    regions = [f"/retrieve/{number:03}/{day}/{code}" for number in range(20)]
    letters = [n for n, character in enumerate(code) if character.isalpha()][:20]
    capitals = [f"/retrieve/302/{day}/{code[:n]}{code[n].upper()}{code[n + 1 :]}" for n in letters]
    return [*escaped, *queries, *unclean], [*regions, *capitals, f"/retrieve/999/{day}/{code.upper()}?1"]


def test_an_archive_is_asked_for_and_stored_once_whatever_its_spelling(cdn: Cdn) -> None:
    now = datetime.now(UTC)
    day = int(now.timestamp()) // 86400
    canonical = f"/retrieve/302/{day}/{download_code(day, now)}"
    normalised, others = spellings(day, download_code(day, now))

    for path in others:  # first, so that a redirect that is stored would be seen below
        assert cdn.get(path)[:2] == (301, canonical), path
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(cdn.get, [*normalised, canonical] * 2))

    assert {(status, location) for status, location, _ in answers} == {(200, None)}
    assert len({body for _, _, body in answers}) == len(cdn.stored()) == 1
    asked = cdn.asked()
    assert len([line for line in asked if line.startswith("200")]) == 1
    assert sorted(line for line in asked if line.startswith("301")) == sorted(f"301 {path}" for path in others)


def test_what_is_not_an_archive_is_not_stored(cdn: Cdn) -> None:
    now = datetime.now(UTC)
    day = int(now.timestamp()) // 86400
    future = download_code(day + 2, now)  # not tomorrow's: midnight may fall into the test
    for path, status in ((f"/retrieve/302/{day}/{'0' * 64}", 401), (f"/retrieve/302/{day + 2}/{future}", 404)):
        assert [cdn.get(path)[0] for _ in range(2)] == [status, status]
    assert cdn.stored() == []
