"""The life cycle of review apps: opened, updated, kept running, reconciled and closed."""

import json
import threading
import time

import psutil
import psycopg2
import pytest
import redis

from processes.ports import can_bind
from tests.review_apps.host import MARK, Host, basic, command
from tests.review_apps.small_app import echoed
from tests.support.torture import only_in_torture
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def pair(host: Host) -> tuple[str, str]:
    """Two apps of two branches, one number a prefix of the other; returns their passwords."""
    host.repository.commit("first", {"version": "first"})
    host.repository.commit("twelfth", {"version": "twelfth"})
    return host.open(1, "first")["password"], host.open(12, "twelfth")["password"]


def environment(host: Host, number: int) -> dict[str, str]:
    return host.processes(number)["web.1"].environ()


def test_each_app_answers_at_its_host_name_to_those_who_know_its_password(host: Host, pair) -> None:
    first, twelfth = pair
    assert echoed(host.get(1, **basic(first)).body)["version"] == "first"
    assert echoed(host.get(12, **basic(twelfth)).body)["version"] == "twelfth"
    for stranger in ({}, basic(twelfth), basic(first, "other"), {"X_Review_Password": twelfth}):
        assert host.get(1, **stranger).status == 401
    assert host.get(2, **basic(first)).status == 404


def test_no_answer_may_be_indexed(host: Host, pair) -> None:
    answers = [host.get(1), host.get(1, **basic(pair[0])), host.get(2)]
    assert [answer.status for answer in answers] == [401, 200, 404]
    assert {answer.headers["X-Robots-Tag"] for answer in answers} == {"noindex, nofollow"}


def test_the_clients_address_is_the_rightmost_whatever_the_client_sends(host: Host, pair) -> None:
    forged = host.get(1, **basic(pair[0]), X_Forwarded_For="203.0.113.7")
    assert echoed(forged.body)["headers"]["X-Forwarded-For"] == "203.0.113.7, 127.0.0.1"


def test_the_password_never_reaches_the_service_which_may_have_credentials_of_its_own(host: Host, pair) -> None:
    first, _ = pair
    assert first not in str(echoed(host.get(1, **basic(first)).body)["headers"])
    token = host.get(1, X_Review_Password=first, Authorization="Bearer token")
    headers = echoed(token.body)["headers"]
    assert headers["Authorization"] == "Bearer token"
    assert first not in str(headers)


def test_the_variables_are_those_of_app_json_and_of_a_platform(host: Host, pair) -> None:
    variables = environment(host, 12)
    expected = {
        "GREETING": "hello",
        "OVERRIDDEN": "in review apps",
        "HEROKU_APP_NAME": "pr-0012",
        "HEROKU_BRANCH": "twelfth",
        "HEROKU_PR_NUMBER": "12",
        "HEROKU_BUILD_COMMIT": host.repository.git("rev-parse", "twelfth"),
        "DYNO": "web.1",
    }
    assert expected.items() <= variables.items()
    assert len(bytes.fromhex(variables["SECRET"])) == 32
    assert "PYTEST_CURRENT_TEST" not in variables
    assert set(host.processes(12)) == {"web.1", "worker.1", "worker.2"}


def test_no_process_inherits_the_environment_of_the_command(host: Host, pair) -> None:
    """A runner of hosted checks ends, with the check, every process with its variable."""
    members = [process for process in psutil.process_iter() if str(host.home) in command(process)]
    members += host.processes(1).values()
    assert len(members) > 5
    assert {process.environ().get(MARK) for process in members} == {None}


def test_the_log_of_an_apps_redis_has_its_version(host: Host, pair) -> None:
    assert "| Redis: Valkey server v=" in (host.folder(1) / "services" / "log").read_text()


def test_two_apps_share_neither_secrets_nor_data(host: Host, pair) -> None:
    first, twelfth = environment(host, 1), environment(host, 12)
    for name in ("SECRET", "DATABASE_URL", "REDIS_URL", "HOME", "VIRTUAL_ENV"):
        assert first[name] != twelfth[name]
    with psycopg2.connect(first["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE mine AS SELECT 1")
        cursor.execute("SELECT rolconnlimit, rolsuper FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (20, False)
    connection.close()
    for database in ("review_pr_0012", "exposure_alert", "postgres"):
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            psycopg2.connect(first["DATABASE_URL"].rpartition("/")[0] + f"/{database}")
    stranger = first["REDIS_URL"].rpartition("@")[0] + "@" + twelfth["REDIS_URL"].rpartition("@")[2]
    with redis.Redis.from_url(stranger) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_only_the_owner_can_read_what_holds_secrets(host: Host, pair) -> None:
    secret = environment(host, 1)["SECRET"]
    holding = [p for p in host.home.rglob("*") if p.is_file() and secret.encode() in p.read_bytes()]
    assert holding
    assert {path.stat().st_mode & 0o077 for path in holding} == {0}


def test_the_log_has_the_output_of_the_processes_without_secrets(host: Host, pair) -> None:
    wait_until(lambda: "web.1" in host.run("logs", 1), "the log has a line of the web process")
    assert "a secret is [secret]" in host.run("logs", 1)
    assert environment(host, 1)["SECRET"] not in (host.folder(1) / "log").read_text()


def test_an_update_under_load_fails_no_request_and_keeps_secrets(host: Host, pair) -> None:
    first, _ = pair
    before, answers, stop = environment(host, 1), [], threading.Event()

    def send(path: str) -> None:
        while not stop.is_set():
            answers.append(host.get(1, path, **basic(first)))
            stop.wait(0.02)  # enough requests to meet every step, and processor time left for the update

    threads = [threading.Thread(target=send, args=(path,)) for path in ("/", "/", "/slow")]
    for thread in threads:
        thread.start()
    try:
        host.repository.commit("first", {"version": "second"})
        host.run("update", 1)
        wait_until(lambda: echoed(answers[-1].body)["version"] == "second", "the new version answers")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert {answer.status for answer in answers} == {200}
    versions = [echoed(answer.body)["version"] for answer in answers]
    assert {"first", "second"} == set(versions)
    after = environment(host, 1)
    assert all(after[name] == before[name] for name in ("SECRET", "DATABASE_URL", "REDIS_URL"))
    assert (host.folder(1) / "seeded").read_text() == "seeded\n"
    assert len(list((host.folder(1) / "releases").iterdir())) == 1
    assert "already" in host.run("update", 1)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("failing", "no such column: [secret]"), ("broken", "its processes do not start")],
)
def test_a_version_that_fails_leaves_the_old_one_serving_and_says_why(host: Host, pair, name, reason) -> None:
    _, password = pair
    before = host.processes(12)
    good = host.repository.git("rev-parse", "twelfth")
    host.repository.git("checkout", "--quiet", "twelfth")
    host.repository.commit("twelfth", {"version": "bad", name: ""})
    assert reason in host.run("update", 12, fails=True)
    assert echoed(host.get(12, **basic(password)).body)["version"] == "twelfth"
    assert host.processes(12) == before
    assert reason in host.show(12)["failure"]
    assert host.show(12)["commit"] == good
    assert len(list((host.folder(12) / "releases").iterdir())) == 1
    host.repository.git("branch", "--force", "kept", good)
    host.repository.git("checkout", "--quiet", "-B", "twelfth", good)


def test_a_process_that_is_killed_is_restarted(host: Host, pair) -> None:
    _, password = pair
    for name in ("worker.1", "web.1"):
        killed = host.processes(12)[name]
        killed.kill()
        wait_until(
            lambda name=name, killed=killed: host.processes(12).get(name) not in (None, killed), f"{name} is restarted"
        )
    wait_until(lambda: host.get(12, **basic(password)).status == 200, "the app answers")


@only_in_torture
def test_a_process_that_takes_too_much_memory_is_replaced(host: Host, pair) -> None:
    _, password = pair
    greedy = host.processes(12)["web.1"]
    host.get(12, "/eat", **basic(password))
    wait_until(lambda: host.processes(12).get("web.1") not in (None, greedy), "the web process is replaced")
    wait_until(lambda: host.get(12, **basic(password)).status == 200, "the app answers")
    assert "MB of memory, more than 150: killed" in host.run("logs", 12)


def test_an_open_app_is_not_opened_again(host: Host, pair) -> None:
    output = host.run("open", 12, "--branch", "main", "--repository", host.repository.folder, fails=True)
    assert "pr-0012 is open: update it" in output


def test_an_app_that_cannot_be_opened_leaves_nothing(host: Host, pair) -> None:
    host.repository.git("checkout", "--quiet", "main")
    host.repository.commit("hopeless", {"failing": ""})
    output = host.run("open", 3, "--branch", "hopeless", "--repository", host.repository.folder, fails=True)
    assert "release (python release.py) failed with exit code 1" in output
    host.wait_until_gone(3)
    assert "has no branch nowhere" in host.run(
        "open", 3, "--branch", "nowhere", "--repository", host.repository.folder, fails=True
    )


def test_closing_an_app_leaves_nothing_of_it_and_touches_no_other(host: Host, pair, predestroy_log) -> None:
    _, password = pair
    variables = environment(host, 1)
    ports = [int(variables["PORT"]), int(variables["REDIS_URL"].rpartition(":")[2].partition("/")[0])]
    others = host.processes(12)
    assert "pr-0001 is closed" in host.run("close", 1)
    host.wait_until_gone(1)
    assert all(can_bind("127.0.0.1", port) for port in ports)
    assert host.get(1).status == 404
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(variables["DATABASE_URL"])
    assert databases_and_roles(host) == {"review_pr_0012"}
    assert predestroy_log.read_text() == "pr-0001\n"

    assert "pr-0001 was not open" in host.run("close", 1)
    assert host.processes(12) == others
    assert host.get(12, **basic(password)).status == 200


def databases_and_roles(host: Host) -> set[str]:
    shared = host.home / "shared"
    port, password = json.loads((shared / "ports.json").read_text())["postgres"], shared / "postgres" / "password"
    url = f"postgresql://exposure_alert:{password.read_text()}@127.0.0.1:{port}/postgres"
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles")
            return {name for (name,) in cursor.fetchall() if name.startswith("review")}
    finally:
        connection.close()


def test_reconcile_closes_stale_apps_and_starts_stopped_ones(host: Host, pair) -> None:
    _, password = pair
    host.open(7, "first")
    stale = host.home / "apps" / "pr-0007.json"
    stale.write_text(json.dumps({**json.loads(stale.read_text()), "updated": time.time() - 8 * 86400}))
    for each in host.processes(12).values():
        each.parent().kill()
        break
    wait_until(lambda: host.processes(12) == {}, "the processes end with their daemon")

    assert "no open pull request was named" in host.run("reconcile", stdin="", fails=True)
    planned = host.run("reconcile", "--dry-run", "1", "12").splitlines()
    assert planned[0] == "pr-0007: close, its pull request is not open"
    assert planned[1:] in (["pr-0012: start, it does not run"], [])
    done = host.run("reconcile", stdin="7\n12\n")
    assert "pr-0007: closed, it was not updated for 8 days\n" in done
    # Unless the keeper was faster, as on a slow machine.
    assert "pr-0012: started, it does not run\n" in done or "pr-0012" in (host.home / "shared" / "log").read_text()
    host.wait_until_gone(7)
    assert host.get(12, **basic(password)).status == 200
    assert host.run("reconcile", 12) == ""
