"""The life of review apps: opened, updated, closed, and looked after in between."""

import json
import threading
import time

import psutil
import psycopg2
import pytest
import redis

from local.ports import can_bind
from tests.review_apps.machine import MARK, Machine, basic, command, eventually
from tests.review_apps.stub import told
from tests.support.torture import only_in_ci, only_in_torture

pytestmark = only_in_ci


@pytest.fixture(scope="module")
def pair(machine: Machine) -> tuple[str, str]:
    """Two apps of two branches, whose numbers begin alike; returns their passwords."""
    machine.repository.commit("first", {"version": "first"})
    machine.repository.commit("twelfth", {"version": "twelfth"})
    return machine.open(1, "first")["password"], machine.open(12, "twelfth")["password"]


def environment(machine: Machine, number: int) -> dict[str, str]:
    return machine.processes(number)["web.1"].environ()


def test_each_app_answers_at_its_host_name_to_those_who_know_its_password(machine: Machine, pair) -> None:
    first, twelfth = pair
    assert told(machine.get(1, **basic(first)).body)["version"] == "first"
    assert told(machine.get(12, **basic(twelfth)).body)["version"] == "twelfth"
    for stranger in ({}, basic(twelfth), basic(first, "other"), {"X_Review_Password": twelfth}):
        assert machine.get(1, **stranger).status == 401
    assert machine.get(2, **basic(first)).status == 404


def test_no_answer_may_be_indexed(machine: Machine, pair) -> None:
    answers = [machine.get(1), machine.get(1, **basic(pair[0])), machine.get(2)]
    assert [answer.status for answer in answers] == [401, 200, 404]
    assert {answer.headers["X-Robots-Tag"] for answer in answers} == {"noindex, nofollow"}


def test_the_clients_address_is_the_rightmost_whatever_the_client_says(machine: Machine, pair) -> None:
    forged = machine.get(1, **basic(pair[0]), X_Forwarded_For="203.0.113.7")
    assert told(forged.body)["headers"]["X-Forwarded-For"] == "203.0.113.7, 127.0.0.1"


def test_the_service_never_sees_the_password_and_may_have_credentials_of_its_own(machine: Machine, pair) -> None:
    first, _ = pair
    assert first not in str(told(machine.get(1, **basic(first)).body)["headers"])
    token = machine.get(1, X_Review_Password=first, Authorization="Bearer token")
    headers = told(token.body)["headers"]
    assert headers["Authorization"] == "Bearer token"
    assert first not in str(headers)


def test_the_variables_are_those_of_app_json_and_of_a_platform(machine: Machine, pair) -> None:
    variables = environment(machine, 12)
    expected = {
        "GREETING": "hello",
        "OVERRIDDEN": "in review apps",
        "HEROKU_APP_NAME": "pr-0012",
        "HEROKU_BRANCH": "twelfth",
        "HEROKU_PR_NUMBER": "12",
        "HEROKU_BUILD_COMMIT": machine.repository.git("rev-parse", "twelfth"),
        "DYNO": "web.1",
    }
    assert expected.items() <= variables.items()
    assert len(bytes.fromhex(variables["SECRET"])) == 32
    assert "PYTEST_CURRENT_TEST" not in variables
    assert set(machine.processes(12)) == {"web.1", "worker.1", "worker.2"}


def test_no_process_carries_what_the_command_was_started_with(machine: Machine, pair) -> None:
    """A runner of hosted checks ends, with the check, every process that carries its mark."""
    members = [process for process in psutil.process_iter() if str(machine.home) in command(process)]
    members += machine.processes(1).values()
    assert len(members) > 5
    assert {process.environ().get(MARK) for process in members} == {None}


def test_two_apps_share_neither_secrets_nor_data(machine: Machine, pair) -> None:
    first, twelfth = environment(machine, 1), environment(machine, 12)
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


def test_only_the_owner_can_read_what_holds_secrets(machine: Machine, pair) -> None:
    secret = environment(machine, 1)["SECRET"]
    holding = [p for p in machine.home.rglob("*") if p.is_file() and secret.encode() in p.read_bytes()]
    assert holding
    assert {path.stat().st_mode & 0o077 for path in holding} == {0}


def test_the_log_has_what_the_processes_say_without_secrets(machine: Machine, pair) -> None:
    eventually(lambda: "web.1" in machine.run("logs", 1))
    assert "a secret is [secret]" in machine.run("logs", 1)
    assert environment(machine, 1)["SECRET"] not in (machine.folder(1) / "log").read_text()


def test_an_update_under_load_fails_no_request_and_keeps_secrets(machine: Machine, pair) -> None:
    first, _ = pair
    before, answers, stop = environment(machine, 1), [], threading.Event()

    def ask(path: str) -> None:
        while not stop.is_set():
            answers.append(machine.get(1, path, **basic(first)))

    threads = [threading.Thread(target=ask, args=(path,)) for path in ("/", "/", "/slow")]
    for thread in threads:
        thread.start()
    try:
        machine.repository.commit("first", {"version": "second"})
        machine.run("update", 1)
        eventually(lambda: told(answers[-1].body)["version"] == "second")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert {answer.status for answer in answers} == {200}
    versions = [told(answer.body)["version"] for answer in answers]
    assert {"first", "second"} == set(versions)
    after = environment(machine, 1)
    assert all(after[name] == before[name] for name in ("SECRET", "DATABASE_URL", "REDIS_URL"))
    assert (machine.folder(1) / "seeded").read_text() == "seeded\n"
    assert len(list((machine.folder(1) / "releases").iterdir())) == 1
    assert "already" in machine.run("update", 1)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("failing", "no such column, says [secret]"), ("broken", "its processes do not start")],
)
def test_a_version_that_fails_leaves_the_old_one_serving_and_says_why(machine: Machine, pair, name, reason) -> None:
    _, password = pair
    before = machine.processes(12)
    good = machine.repository.git("rev-parse", "twelfth")
    machine.repository.git("checkout", "--quiet", "twelfth")
    machine.repository.commit("twelfth", {"version": "bad", name: ""})
    assert reason in machine.run("update", 12, fails=True)
    assert told(machine.get(12, **basic(password)).body)["version"] == "twelfth"
    assert machine.processes(12) == before
    assert reason in machine.show(12)["failure"]
    assert machine.show(12)["commit"] == good
    assert len(list((machine.folder(12) / "releases").iterdir())) == 1
    machine.repository.git("branch", "--force", "kept", good)
    machine.repository.git("checkout", "--quiet", "-B", "twelfth", good)


def test_a_process_that_is_killed_comes_back(machine: Machine, pair) -> None:
    _, password = pair
    for name in ("worker.1", "web.1"):
        killed = machine.processes(12)[name]
        killed.kill()
        eventually(lambda name=name, killed=killed: machine.processes(12).get(name) not in (None, killed))
    eventually(lambda: machine.get(12, **basic(password)).status == 200)


@only_in_torture
def test_a_process_that_takes_too_much_memory_is_replaced(machine: Machine, pair) -> None:
    _, password = pair
    greedy = machine.processes(12)["web.1"]
    machine.get(12, "/eat", **basic(password))
    eventually(lambda: machine.processes(12).get("web.1") not in (None, greedy))
    eventually(lambda: machine.get(12, **basic(password)).status == 200)
    assert "MB of memory, more than 150, and is killed" in machine.run("logs", 12)


def test_an_open_app_is_not_opened_again(machine: Machine, pair) -> None:
    said = machine.run("open", 12, "--branch", "main", "--repository", machine.repository.folder, fails=True)
    assert "pr-0012 is open: update it" in said


def test_an_app_that_cannot_be_opened_leaves_nothing(machine: Machine, pair) -> None:
    machine.repository.git("checkout", "--quiet", "main")
    machine.repository.commit("hopeless", {"failing": ""})
    said = machine.run("open", 3, "--branch", "hopeless", "--repository", machine.repository.folder, fails=True)
    assert "release (python release.py) failed with exit code 1" in said
    assert machine.traces(3) == []
    assert "has no branch nowhere" in machine.run(
        "open", 3, "--branch", "nowhere", "--repository", machine.repository.folder, fails=True
    )


def test_closing_an_app_leaves_nothing_of_it_and_touches_no_other(machine: Machine, pair, farewells) -> None:
    _, password = pair
    variables = environment(machine, 1)
    ports = [int(variables["PORT"]), int(variables["REDIS_URL"].rpartition(":")[2].partition("/")[0])]
    others = machine.processes(12)
    assert "pr-0001 is closed" in machine.run("close", 1)
    assert machine.traces(1) == []
    assert all(can_bind("127.0.0.1", port) for port in ports)
    assert machine.get(1).status == 404
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(variables["DATABASE_URL"])
    assert databases_and_roles(machine) == {"review_pr_0012"}
    assert farewells.read_text() == "pr-0001\n"

    assert "pr-0001 was not open" in machine.run("close", 1)
    assert machine.processes(12) == others
    assert machine.get(12, **basic(password)).status == 200


def databases_and_roles(machine: Machine) -> set[str]:
    shared = machine.home / "shared"
    port, password = json.loads((shared / "ports.json").read_text())["postgres"], shared / "postgres" / "password"
    url = f"postgresql://exposure_alert:{password.read_text()}@127.0.0.1:{port}/postgres"
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles")
            return {name for (name,) in cursor.fetchall() if name.startswith("review")}
    finally:
        connection.close()


def test_what_nobody_needs_is_closed_and_what_stopped_is_started(machine: Machine, pair) -> None:
    _, password = pair
    machine.open(7, "first")
    stale = machine.home / "apps" / "pr-0007.json"
    stale.write_text(json.dumps({**json.loads(stale.read_text()), "updated": time.time() - 8 * 86400}))
    for each in machine.processes(12).values():
        each.parent().kill()
        break
    eventually(lambda: machine.processes(12) == {})

    assert "no open pull request was named" in machine.run("reconcile", given="", fails=True)
    assert machine.run("reconcile", "--dry-run", "1", "12").splitlines() == [
        "pr-0007: close, its pull request is not open",
        "pr-0012: start, it does not run",
    ]
    done = machine.run("reconcile", given="7\n12\n")
    assert "pr-0007: closed, it was not updated for 8 days\n" in done
    assert "pr-0012: started, it does not run\n" in done
    assert machine.traces(7) == []
    assert machine.get(12, **basic(password)).status == 200
    assert machine.run("reconcile", 12) == ""
