"""`make fuzz`: run each target for a share of FUZZ_SECONDS. The exit status is 1 if one of them fails.

Each target that takes bytes runs in a process of its own, led by coverage (tests/fuzz/targets.py); the HTTP surface is
tried with requests that schemathesis makes from the OpenAPI document, against a server of our own.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from app import create_app
from app.database.migrations import migrate_database
from processes.postgres import EmbeddedPostgres
from processes.redis import EmbeddedRedis
from tests.fuzz.surface import try_surface
from tests.fuzz.targets import TARGETS
from tests.support.settings import SECRETS, TEST_TOOLS_TOKEN, make_settings
from tests.support.web import web_process

FINDINGS = Path("var/fuzz")


def main() -> int:
    """Run all targets; return the exit status."""
    seconds = max(1, int(os.environ.get("FUZZ_SECONDS") or "120") // (len(TARGETS) + 2))
    failed = [name for name in TARGETS if not _fuzz(name, seconds)]
    if not _try_surface(2 * seconds):
        failed.append("HTTP surface")
    print(f"fuzz: {', '.join(failed) + ' failed' if failed else 'nothing found'}")
    return 1 if failed else 0


def _fuzz(name: str, seconds: int) -> bool:
    """Run one target. Inputs that break it or reach new code are stored in var/fuzz."""
    corpus = FINDINGS / name
    corpus.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz.targets", name, str(corpus), f"-artifact_prefix={FINDINGS}/{name}-"]
    options = [f"-max_total_time={seconds}", "-max_len=8192", "-rss_limit_mb=1024", "-timeout=10", "-verbosity=0"]
    started = time.monotonic()
    done = subprocess.run([*command, *options, "-print_final_stats=1"], capture_output=True, text=True, check=False)
    inputs = [line.split()[-1] for line in done.stderr.splitlines() if "number_of_executed_units" in line]
    print(f"fuzz: {name}: {inputs[0] if inputs else '?'} inputs in {time.monotonic() - started:.0f} s")
    if done.returncode:
        print(done.stdout[-4000:], done.stderr[-4000:])
    return done.returncode == 0


def _try_surface(seconds: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        with (
            EmbeddedPostgres(directory / "postgres", durable=False) as postgres,
            EmbeddedRedis(directory / "redis", durable=False) as redis,
        ):
            app = create_app(make_settings(postgres.url, redis.url))
            migrate_database(app)
            app.context.database.dispose()
            environment = SECRETS | {
                "DATABASE_URL": postgres.url,
                "REDIS_URL": redis.url,
                "ENABLE_TEST_TOOLS": "true",
                "TEST_TOOLS_TOKEN": TEST_TOOLS_TOKEN,
                "MAX_CONSECUTIVE_CLAIM_KEY_FAILURES": "1000000",
                "MAX_DAILY_CLAIM_KEY_FAILURES": "1000000",
            }
            with web_process(environment, directory / "log") as web:
                return try_surface(web, seconds)


if __name__ == "__main__":
    sys.exit(main())
