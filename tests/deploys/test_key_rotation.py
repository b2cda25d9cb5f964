"""The sealing key is rotated by command while phones use the service, and no request fails (docs/operations.md)."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.support.load import Load
from tests.support.settings import SECRETS
from tests.support.torture import only_in_torture
from tests.support.waiting import wait_until
from tests.support.web import WebProcess, web_process, workers_of

ROOT = Path(__file__).parents[2]
REPLACED_SECONDS = 120  # granian takes ten seconds for each worker
OLD = SECRETS["SEALING_KEYS"]


@dataclass(frozen=True)
class Loaded:
    """What the load has to know of the service."""

    port: int

    def setting(self, name: str) -> str:
        """Return a setting."""
        return SECRETS[name]


@contextmanager
def rotating(environment: dict[str, str], log: Path) -> Iterator[tuple[WebProcess, Load]]:
    """Run a web process, and phones that use it."""
    with web_process(environment, log) as web, Load(Loaded(web.port), pause_seconds=0.1, repeats=True) as load:
        yield web, load


def command(environment: dict[str, str], *words: str) -> str:
    """Run an operator's command, and return what it prints."""
    inherited = {name: os.environ[name] for name in ("HOME", "PATH", "LANG") if name in os.environ}
    words = (sys.executable, "-m", "flask", "--app", "app", *words)
    done = subprocess.run(words, env=inherited | environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def replace_workers(web: WebProcess) -> None:
    """Replace the workers, which read the settings again, as a deployment does."""
    main = psutil.Process(web.pid)
    old = {worker.pid for worker in workers_of(main)}
    os.kill(web.pid, signal.SIGHUP)

    def all_are_new() -> bool:
        pids = {worker.pid for worker in workers_of(main)}
        return bool(pids) and not pids & old

    wait_until(all_are_new, "new workers only", REPLACED_SECONDS)


@only_in_torture
def test_the_sealing_key_is_rotated_under_load(database_url: str, redis_url: str, tmp_path: Path) -> None:
    stored = tmp_path / "sealing-keys"
    stored.write_text(OLD)
    urls = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "SEALING_KEYS": f"file://{stored}"}
    environment = SECRETS | urls | {"ENV": "test", "PUBLISH_ACTIVE_KEYS": "true"}
    with rotating(environment, tmp_path / "log") as (web, load):
        added = command(environment, "secrets", "rotate", "SEALING_KEYS", "add")
        replace_workers(web)
        command(environment, "secrets", "rotate", "SEALING_KEYS", "use", "--key", added.split()[-1])
        replace_workers(web)
        # What was issued with the old key in front can still be claimed and used for uploads.
        command(environment, "keys", "reseal")
        seen = len(load.acknowledged)
        wait_until(lambda: len(load.acknowledged) > seen + 10, "uploads with the new key", REPLACED_SECONDS)
    assert load.failures == [], load.summary()
    assert len(load.closed) <= 2, "rarely one connection is open without a request when a worker ends"
    assert stored.read_text().strip().split(",")[1:] == [OLD]
