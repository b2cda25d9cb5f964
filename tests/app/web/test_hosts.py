"""Foreign host names on a developer's machine (app/web/hosts.py)."""

from collections.abc import Callable

import pytest

from app.config import ConfigurationError
from app.web.hosts import checks_hosts
from tests.support.service import Service
from tests.support.settings import make_settings

LOOPBACK = {"BIND_ADDR": "127.0.0.1:8001"}
PATHS = ("/services/ping", "/", "/phone/en", "/static/review/page.js", "//services/ping")


def status(service: Service, host: str | None, path: str = "/services/ping") -> int:
    environ = {"HTTP_HOST": host} if host is not None else {}
    with service.client.get(path, environ_overrides=environ) as response:
        return int(response.status_code)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("env", ["development", "review"])
def test_a_page_that_rebinds_its_name_gets_nothing(make_service: Callable[..., Service], env: str, path: str) -> None:
    service = make_service(ENV=env, REVIEW_TOOLS="true", **LOOPBACK)
    response = service.client.get(path, headers={"Host": "attacker.example"})
    assert (response.status_code, response.text) == (421, "misdirected request\n")
    assert response.content_type == "text/plain; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert status(service, "localhost:8001", path) != 421


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8001", "localhost.", "app.localhost:8001", "127.0.0.1", "127.8.9.10:80", "[::1]:8001", ""],
)
def test_names_of_this_host_are_accepted(make_service: Callable[..., Service], host: str) -> None:
    assert status(make_service(**LOOPBACK), host) == 200


@pytest.mark.parametrize(
    "host",
    ["attacker.example:8001", "localhost.attacker.example", "127.0.0.1.attacker.example", "notlocalhost", "[::2]", "0"],
)
def test_names_that_only_resemble_them_are_not(make_service: Callable[..., Service], host: str) -> None:
    assert status(make_service(**LOOPBACK), host) == 421


def test_other_names_can_be_allowed(make_service: Callable[..., Service]) -> None:
    service = make_service(ALLOWED_HOSTS="dev.example, Other.example", **LOOPBACK)
    assert [status(service, host) for host in ("DEV.example:8001", "other.example", "example")] == [200, 200, 421]


@pytest.mark.parametrize("value", ["dev.example:8001", "https://dev.example", "*", "a..b"])
def test_what_is_no_host_name_stops_the_start(value: str) -> None:
    with pytest.raises(ConfigurationError, match="ALLOWED_HOSTS"):
        make_settings("postgresql://h/x", "redis://h", ALLOWED_HOSTS=value)


@pytest.mark.parametrize(
    "changes",
    [
        {"ENV": "production"},
        {"ENV": "staging"},
        {"TRUSTED_PROXIES": "1"},  # a review app behind nginx, which knows its name
        {"BIND_ADDR": "0.0.0.0:8001"},
        {"BIND_ADDR": "192.0.2.1:8001"},
        {"BIND_ADDR": ""},
    ],
    ids=str,
)
def test_anywhere_else_a_host_name_changes_nothing(changes: dict[str, str]) -> None:
    assert not checks_hosts(make_settings("postgresql://h/x", "redis://h", **LOOPBACK | changes))


@pytest.mark.parametrize("address", ["127.0.0.1:8001", "localhost:8001", "[::1]:8001", "127.0.0.2:1"])
def test_every_loopback_address_is_one(address: str) -> None:
    assert checks_hosts(make_settings("postgresql://h/x", "redis://h", BIND_ADDR=address))
