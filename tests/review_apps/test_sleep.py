"""Apps that sleep while they are not used, and the page of all apps of a host."""

import json
import re
import socket
import threading
import time
from urllib.parse import urlencode

import pytest
import redis

from review_apps import running
from tests.review_apps.host import Answer, Host, basic
from tests.review_apps.small_app import echoed
from tests.support.torture import only_in_torture
from tests.support.waiting import wait_until

pytestmark = only_in_torture

BROWSER = {"Accept": "text/html,*/*", "Accept-Language": "fr-CA,fr;q=0.9,en;q=0.5"}


@pytest.fixture(scope="module")
def app(host: Host) -> dict[str, str]:
    """The header with the password of an app that is open."""
    return basic(host.open(1, "main")["password"])


@pytest.fixture
def asleep(host: Host, app: dict[str, str]) -> dict[str, str]:
    host.run("sleep", 1)
    return app


def state(host: Host) -> str:
    return host.listed(1)["state"]


def test_an_app_that_sleeps_has_no_process(host: Host, asleep) -> None:
    assert host.processes(1) == {}
    assert (state(host), host.listed(1)["memory_mb"]) == ("asleep", 0)
    assert host.run("reconcile", 1) == ""
    assert state(host) == "asleep"


def test_a_stranger_does_not_wake_it(host: Host, asleep) -> None:
    assert host.get(1, **BROWSER).status == 401
    assert host.get(1, X_Review_App="1", X_Keeper_Key="guessed").status == 401
    time.sleep(1)
    assert state(host) == "asleep"


def test_a_browser_gets_a_page_that_reloads_itself_until_the_app_answers(host: Host, asleep) -> None:
    page = host.get(1, **BROWSER, **asleep)
    assert page.status == 503
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    text = page.body.decode()
    assert '<meta http-equiv="refresh" content="1">' in text
    assert '<html lang="fr-CA">' in text
    assert "pr-0001 sort de veille" in text
    wait_until(lambda: host.get(1, **BROWSER, **asleep).status == 200, "the app answers")
    wait_until(lambda: state(host) == "running", "it counts as running")


def test_other_requests_wait_and_are_answered_by_the_app(host: Host, asleep) -> None:
    sent = bytes(range(256)) * 1000
    answer = host.get(1, "/", "POST", sent, **asleep)
    assert (answer.status, answer.body) == (200, sent)


def test_many_requests_at_once_wake_it_once_and_all_are_answered(host: Host, asleep) -> None:
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda: answers.append(host.get(1, **asleep))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} == {200}
    assert len({echoed(answer.body)["environment"]["PORT"] for answer in answers}) == 1


def test_its_data_survive(host: Host, app: dict[str, str]) -> None:
    host.run("wake", 1)
    address = echoed(host.get(1, **app).body)["environment"]["REDIS_URL"]
    with redis.Redis.from_url(address) as client:
        client.set("kept", "yes")
    host.run("sleep", 1)
    with redis.Redis.from_url(address) as client, pytest.raises(redis.ConnectionError):
        client.ping()
    host.run("wake", 1)
    with redis.Redis.from_url(address) as client:
        assert client.get("kept") == b"yes"


def test_an_app_without_requests_falls_asleep_and_one_in_use_does_not(host: Host, app: dict[str, str]) -> None:
    settings = host.home / "settings.json"
    before = settings.read_text()
    host.run("wake", 1)
    settings.write_text(json.dumps({**json.loads(before), "sleep_minutes": 0.2}))
    left, statuses = threading.Event(), set[int]()

    def use() -> None:
        while not left.wait(0.5):
            statuses.add(host.get(1, **app).status)

    visitor = threading.Thread(target=use)
    visitor.start()
    try:
        time.sleep(18)  # longer than that
        shown = host.show(1)
        assert shown["used"] > shown["updated"]
        assert state(host) == "running"
        left.set()
        wait_until(lambda: state(host) == "asleep", "the app falls asleep", 120)
        assert statuses == {200}
    finally:
        left.set()
        visitor.join()
        settings.write_text(before)


def test_an_update_wakes_it(host: Host, asleep) -> None:
    host.repository.commit("main", {"version": "2"})
    host.run("update", 1)
    assert state(host) == "running"
    assert echoed(host.get(1, **asleep).body)["version"] == "2"


def test_an_app_that_runs_and_does_not_answer_is_not_asked_twice(host: Host, app: dict[str, str]) -> None:
    host.run("wake", 1)
    web = host.processes(1)["web.1"]
    web.suspend()  # it accepts connections, and its end interrupts the request
    ended = threading.Timer(1, web.kill)
    ended.start()
    assert host.get(1, "/", "POST", b"once", **app).status == 502
    wait_until(lambda: host.get(1, **app).status == 200, "the web process is restarted")


# The page of the host.


def host_page(host: Host, path: str = "/en") -> Answer:
    return host.get(0, path, **basic(json.loads(host.run("show"))["password"]))


def act(host: Host, action: str, **changes: str) -> Answer:
    found = re.search(r'name="token" value="(\w+)"', host_page(host).body.decode())
    assert found is not None
    form = {"token": found[1], "number": "1", "action": action, "language": "en"} | changes
    headers = basic(json.loads(host.run("show"))["password"])
    return host.get(0, "/", "POST", urlencode(form).encode(), **headers)


def test_the_page_of_the_host_shows_its_apps_to_those_who_know_its_password(host: Host, app) -> None:
    assert host.get(0).status == 401
    assert host.get(0, **app).status == 401
    page = host_page(host)
    assert page.status == 200
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    text = page.body.decode()
    assert "pr-0001</a>" in text
    assert host.show(1)["commit"][:12] in text
    assert f"by {host.show(1)['opened_by']}" in text
    assert host.show(1)["password"] not in text
    french = host_page(host, "/fr").body.decode()
    assert "Applications de révision" in french
    assert "Mettre en veille" in french
    for style in re.findall(r'href="(/design/[^"]+)"', text):
        assert host_page(host, style).status == 200
    assert host_page(host, "/design/../keeper.py").status == 404


def test_its_buttons_work_and_are_safe_from_other_sites(host: Host, app) -> None:
    host.run("wake", 1)
    assert act(host, "sleep", token="0" * 64).status == 403
    assert act(host, "destroy").status == 400
    assert state(host) == "running"
    assert act(host, "sleep").status == 303
    assert state(host) == "asleep"
    assert act(host, "wake").status == 303
    assert state(host) == "running"
    web = host.processes(1)["web.1"]
    assert act(host, "restart").status == 303
    assert host.processes(1)["web.1"] != web


def test_it_shows_why_an_update_and_an_app_failed(host: Host, app) -> None:
    host.repository.git("checkout", "--quiet", "main")
    host.repository.commit("failing", {"failing": ""})
    host.repository.git("checkout", "--quiet", "main")
    host.run("update", 1, "--branch", "failing", fails=True)
    host.run("open", 2, "--branch", "failing", "--repository", host.repository.folder, fails=True)
    text = host_page(host).body.decode()
    assert "The last update failed" in text
    assert "no such column: [secret]" in text
    assert "Apps that could not be opened" in text
    assert "pr-0002" in text


def test_an_open_connection_keeps_an_app_awake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not running._has_clients(port)
        with socket.create_connection(("127.0.0.1", port)):
            assert running._has_clients(port)
