"""Each process of a host works with its own user of Redis, and each user is refused all else. Redis is Debian's."""

import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError

from app import create_app
from app.upkeep.queues import queue_of
from deploy.host.plan import processes
from deploy.host.redis_acl import CLOCK, acl
from deploy.host.settings import ALL_SURFACES
from deploy.host.templates import TEMPLATES, render
from processes.ports import LOOPBACK, reserve_port
from tests.deploy_host.hosts import ROOT, environment, host_settings, process
from tests.support.programs import require_program
from tests.support.roles import run_as_owner
from tests.support.settings import SECRETS, make_settings
from tests.support.torture import only_in_torture
from tests.support.waiting import wait_until

JOBS = {
    "purge finished",
    "stored rows mixed",
    "failed claims",
    "archive built",
    "portal purge finished",
    "audit log head",
    "sharing purge finished",
}
# Of status, by name: they log nothing that is not about a failure.
STATUS_KEYS = ("status-document", "metrics:totals", "metrics:gauges", "heartbeat:clock", "heartbeat:worker")
METRICS_TOKEN = secrets.token_urlsafe(32)
FAST = {
    "METRICS_TOKEN": METRICS_TOKEN,
    "STATUS_NOTE_TOKENS": f"{secrets.token_urlsafe(32)}=test",
    "WORKER_EXPIRATION_INTERVAL": "1",
    "EXPORT_MAX_AGE_SECONDS": "3",
    "RATE_LIMIT_EVENTS": "2",
}


@dataclass(frozen=True)
class Server:
    """A Redis with the users of a host, and one more for the test."""

    socket: Path
    passwords: dict[str, str]

    def url(self, user: str) -> str:
        return f"unix://{user}:{self.passwords[user]}@{self.socket}"

    def client(self, user: str) -> Redis:
        return Redis.from_url(self.url(user))

    def responds(self) -> bool:
        """Return whether Redis accepts commands."""
        try:
            with self.client("test") as redis:
                return bool(redis.ping())
        except RedisConnectionError:
            return False

    def refusals(self) -> list[tuple[str, str, str]]:
        """Return who was refused what, from Redis' own log."""
        with self.client("test") as redis:
            entries = redis.acl_log()
        return [tuple(str(entry[name]) for name in ("username", "reason", "object")) for entry in entries]


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    program, folder = require_program("redis-server"), tmp_path_factory.mktemp("acl")
    settings = host_settings(folder)
    names = [each.name for each in processes(settings)] + [CLOCK]
    passwords = {name: secrets.token_urlsafe(16) for name in [*names, "test"]}
    (folder / "redis").mkdir()
    users = acl(settings, passwords) + f"user test on >{passwords['test']} ~* &* +@all\n"
    (folder / "redis" / "users.acl").write_text(users)
    configuration = render(TEMPLATES / "redis.conf", {"ETC": folder, "SOCKET": folder / "redis.sock"})
    configuration = configuration.replace("dir /run/exposure-alert-redis", f"dir {folder}")
    (folder / "redis.conf").write_text(configuration)
    running = subprocess.Popen([program, folder / "redis.conf"], stdout=subprocess.DEVNULL)
    try:
        redis = Server(folder / "redis.sock", passwords)
        wait_until(redis.responds, "Redis responds")  # its socket exists a moment before it accepts connections
        yield redis
    finally:
        running.terminate()
        running.wait(30)


def settings_of(database_url: str, redis_url: str, surface: str) -> dict[str, str]:
    """Return the environment of a process of a surface."""
    portal = {"SUBMISSION_URL": "http://127.0.0.1:1"} if surface != "submission" else {}
    values = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "SURFACES": surface, "ENV": "test"}
    return SECRETS | values | portal | FAST


@only_in_torture
@pytest.mark.usefixtures("service")  # empties the database: archives that another test left would not be built again
def test_every_process_works_with_its_user(server: Server, database_url: str, tmp_path: Path) -> None:
    logs = {surface: tmp_path / f"worker-{surface}" for surface in ALL_SURFACES}
    with ExitStack() as running:
        clock = settings_of(database_url, server.url(CLOCK), ",".join(ALL_SURFACES))
        running.enter_context(process([sys.executable, "-m", "worker", "clock"], clock, tmp_path / "clock"))
        for surface in ALL_SURFACES:
            values = settings_of(database_url, server.url(f"worker-{surface}"), surface)
            running.enter_context(process([sys.executable, "-m", "worker"], values, logs[surface]))
        use_web(server, database_url, tmp_path, running)
        send_mail_at_once(server, database_url)
        refuse_a_job(server, logs["submission"])
        fail_a_job(server, database_url, logs["sharing"])

        def missing() -> set[str]:
            text = "".join(log.read_text() for log in logs.values())
            return {message for message in JOBS if f'msg="{message}"' not in text}

        with suppress(AssertionError):
            wait_until(lambda: not missing() or bool(server.refusals()), "each kind of job has run", 120)
        assert server.refusals() or missing() == set()
        with server.client("test") as redis:
            wait_until(
                lambda: redis.exists(*STATUS_KEYS) == len(STATUS_KEYS) or bool(server.refusals()),
                "everything is counted, monitored and published",
                300,
            )
        for surface in ("submission", "retrieval"):
            status(settings_of(database_url, server.url(f"worker-{surface}"), surface))
    assert sorted(set(server.refusals())) == []
    output = "".join(log.read_text() for log in [*logs.values(), tmp_path / "clock"])
    assert "Redis unreachable" not in output
    assert "run without Redis" not in output


def use_web(server: Server, database_url: str, folder: Path, running: ExitStack) -> None:
    """Let a web process of each surface check Redis, and count requests."""
    for surface in ALL_SURFACES:
        port = reserve_port()
        values = settings_of(database_url, server.url(f"web-{surface}"), surface)
        values |= {"BIND_ADDR": f"{LOOPBACK}:{port}", "WEB_CONCURRENCY": "1", "SHARING_CREATORS": "anyone"}
        values |= {"RATE_LIMIT_CLAIM_KEY": "4", "RATE_LIMIT_SHARING": "2"}
        running.enter_context(process(["bin/web"], values, folder / f"web-{surface}"))
        wait_until(lambda port=port: status_of(port, "/services/ready") == 200, f"{surface} is ready")
        path, method = {
            "submission": ("/claim-key", "POST"),
            "retrieval": ("/events/2026-01-01", "GET"),
            "portal": ("/services/ready", "GET"),
            "sharing": ("/share/read", "POST"),
            "status": ("/status/notes", "POST"),
        }[surface]
        statuses = [status_of(port, path, method) for _ in range(8)]
        expected = {"portal": 200, "status": 401}.get(surface, 429)
        assert statuses[-1] == expected, f"{surface}: {statuses}"
        if surface == "status":
            assert status_of(port, "/metrics", token=METRICS_TOKEN) == 200
            assert status_of(port, "/status/en") in (200, 503)  # before the first document


def status_of(port: int, path: str, method: str = "GET", token: str = "none") -> int:
    connection = HTTPConnection(LOOPBACK, port, timeout=30)
    try:
        connection.request(
            method, path, headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        )
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def send_mail_at_once(server: Server, database_url: str) -> None:
    """Add a job as the portal does after it has stored a message."""
    app = create_app(
        make_settings(database_url, server.url("web-portal"), SURFACES="portal", SUBMISSION_URL="http://x")
    )
    app.context.portal.mail.send_soon()
    app.context.redis.close()
    app.context.database.dispose()


def fail_a_job(server: Server, database_url: str, log: Path) -> None:
    """Let a job fail, because its table is missing for a while. It does not wait for the clock's next one."""
    run_as_owner(database_url, "ALTER TABLE shared_secrets RENAME TO shared_secrets_aside")
    try:
        with server.client("test") as redis:
            queue_of("sharing", redis).enqueue("worker.jobs.purge_sharing.purge_sharing", failure_ttl=120)
        wait_until(lambda: 'msg="job failed"' in log.read_text(), "a job of sharing fails", 120)
    finally:
        run_as_owner(database_url, "ALTER TABLE shared_secrets_aside RENAME TO shared_secrets")


def refuse_a_job(server: Server, log: Path) -> None:
    """Let the worker refuse a job that is not of its schedule."""
    with server.client("test") as redis:
        queue_of("submission", redis).enqueue("os.getcwd")
        wait_until(lambda: "unknown job refused" in log.read_text(), "the worker refuses the job")


def status(values: dict[str, str]) -> None:
    """Run `flask status`, which counts waiting and failed jobs."""
    command = [str(Path(sys.executable).with_name("flask")), "--app", "app", "status"]
    done = subprocess.run(command, cwd=ROOT, env=environment(values), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


REFUSED = {
    "web-submission": [
        ("GET", "rq:job:1"),
        ("RPUSH", "rq:queue:exposure-alert-submission", "1"),
        ("INCRBY", "rq:job:1", "1"),
        ("SET", "last-purge", "1"),
        ("KEYS", "*"),
        ("FLUSHALL",),
        ("CONFIG", "GET", "*"),
        ("ACL", "LIST"),
        ("MONITOR",),
    ],
    "web-portal": [
        ("RPUSH", "rq:queue:exposure-alert-submission", "1"),
        ("GET", "rate:LIMITER"),
        ("HGETALL", "rq:job:1"),
    ],
    "worker-retrieval": [
        ("RPUSH", "rq:queue:exposure-alert-submission", "1"),
        ("LRANGE", "rq:queue:exposure-alert-portal", "0", "-1"),
        ("SET", "last-purge", "1"),
        ("GET", "rate:LIMITER"),
        ("CLIENT", "KILL", "ID", "1"),
        ("SHUTDOWN",),
        ("PUBLISH", "rq:pubsub:1", "stop"),
        ("EVAL", "return 1", "0"),
    ],
    CLOCK: [("GET", "rate:LIMITER"), ("BLPOP", "rq:queue:exposure-alert-submission", "1"), ("SCAN", "0")],
}


@pytest.mark.parametrize("user", REFUSED)
def test_each_user_is_refused_what_its_process_does_not_use(server: Server, user: str) -> None:
    allowed = []
    with server.client(user) as redis:
        for command in REFUSED[user]:
            try:
                redis.execute_command(*command)
                allowed.append(command)
            except NoPermissionError:
                pass
    assert allowed == []


def test_there_is_no_default_user(server: Server) -> None:
    for url in (f"unix://{server.socket}", f"unix://default:@{server.socket}", f"unix://clock:wrong@{server.socket}"):
        with Redis.from_url(url) as redis, pytest.raises((AuthenticationError, ResponseError)):
            redis.ping()
