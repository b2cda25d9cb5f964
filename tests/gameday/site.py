"""A service of its own for each fault: all processes, servers, and the receivers of its notices."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg2

from processes.postgres import EmbeddedPostgres
from processes.redis import EmbeddedRedis
from tests.gameday.history import add_history
from tests.gameday.traffic import Traffic
from tests.support.black_hole import BlackHole
from tests.support.receiver import Receiver, notice_receiver
from tests.support.small_disk import small_disk
from tests.support.smtp import MailServer, mail_server
from tests.support.stack import Stack

_ROOT: Final = Path(__file__).parents[2]
# The files of the production image (.dockerignore), so that a bad release can replace them.
_RELEASE: Final = ("app", "worker", "migrations", "bin", "Procfile", "gunicorn.conf.py", "objectives.yaml")
_START_SECONDS: Final = 180
# One after the other: services that start at the same moment slow down the requests of each other.
_starting = threading.Lock()
_DISK: Final = "size=8m,mode=777"
_EMAIL: Final = "on-call@health.example"
_SETTINGS: Final = {
    "WEB_CONCURRENCY": "2",
    "TRUSTED_PROXIES": "1",
    "RATE_LIMITS": "off",
    "PUBLISH_ACTIVE_KEYS": "true",
    # Often enough for archives with the keys of a minute ago, seldom enough for several services on one host.
    "EXPORT_MAX_AGE_SECONDS": "60",
    # The traffic is that of a quarter of a million uploads a day, thirty times what the defaults are for.
    "FIGURE_THRESHOLDS": "unclaimed_codes=10000/20000,claimed_codes=500000/750000,diagnosis_keys=5000000/7500000",
    "NOTICE_WEBHOOK_KEY": "5a" * 32,
    "NOTICE_EMAILS": _EMAIL,
    "MAIL_FROM": "alerts@health.example",
}


@dataclass(frozen=True)
class Site:
    """A running service and what it depends on. PostgreSQL is reached through `route`, which can delay statements.

    `disk` holds the archives and the status document; None if this user may not mount one.
    """

    stack: Stack
    postgres: EmbeddedPostgres
    redis: EmbeddedRedis
    route: BlackHole
    release: Path
    disk: Path | None
    webhook: Receiver
    mail: MailServer
    traffic: Traffic

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query, asked directly. Raises psycopg2.Error."""
        return query(self.postgres.url, sql, *values)


def query(database_url: str, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Return the rows of a query. Raises psycopg2.Error."""
    connection = psycopg2.connect(database_url, connect_timeout=2, options="-c statement_timeout=10000")
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()
    finally:
        connection.close()


@contextmanager
def running_site(directory: Path, history: float | None, *, with_disk: bool = False) -> Iterator[Site]:
    """Run a service under normal traffic until the end of the block. `history` is a share of it, or None."""
    with ExitStack() as stack:
        enter = stack.enter_context
        postgres = enter(EmbeddedPostgres(directory / "postgres", durable=False))
        redis = enter(EmbeddedRedis(directory / "redis"))
        route = enter(BlackHole(postgres.url))
        webhook, mail = enter(notice_receiver()), enter(mail_server())
        disk = None
        if with_disk:
            (directory / "disk").mkdir()
            disk = directory / "disk" if enter(small_disk(directory / "disk", _DISK)) else None
        release = directory / "release"
        _copy_release(release)
        environment = {
            **_SETTINGS,
            "DATABASE_URL": route.url,
            "REDIS_URL": redis.url,
            "NOTICE_WEBHOOK_URL": webhook.url,
            "MAIL_URL": mail.url,
        }
        if disk is not None:
            environment |= {"STATUS_FOLDER": f"{disk}/status", "ARCHIVE_FILES": f"file://{disk}/archives"}
        with _starting:
            service = Stack(directory, environment, release / "Procfile")
            stack.callback(service.stop)
            service.wait_for(lambda: "Exposure Alert answers" in service.log, "the service starts", _START_SECONDS)
        if history is not None:
            add_history(postgres.url, history)
        service.setting("KEY_CLAIM_TOKEN")  # read now: later, the process may not run
        traffic = enter(Traffic(service))
        yield Site(service, postgres, redis, route, release, disk, webhook, mail, traffic)


def _copy_release(to: Path) -> None:
    to.mkdir()
    for name in _RELEASE:
        source = _ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, to / name)
