"""Redis as a child process (processes/redis.py)."""

import os
import pwd
import stat
import subprocess
from pathlib import Path

import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from processes.redis import EmbeddedRedis
from tests.support.waiting import wait_until


def test_it_answers_with_its_password_only(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=False) as server:
        with redis.Redis.from_url(server.url) as client:
            assert client.ping()
        stranger = redis.Redis(port=server.port, retry=Retry(NoBackoff(), 0))
        with stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes user")
def test_it_never_runs_as_root_even_on_files_that_root_made(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").mkdir()
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        client.set("kept", "42")
        process = psutil.Process(client.info("server")["process_id"])
        assert set(process.uids()) == {pwd.getpwnam("nobody").pw_uid}


def test_a_durable_server_keeps_its_data_and_gets_a_new_password(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        client.set("kept", "42")
        url = server.url
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        assert client.get("kept") == b"42"
        assert server.url != url


def test_a_server_left_by_a_killed_run_is_replaced(tmp_path: Path) -> None:
    left = EmbeddedRedis(tmp_path)
    left.prepare()
    orphan = subprocess.Popen(left.command(), stdout=subprocess.DEVNULL)
    wait_until(left.accepts, "the first server answers")
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        assert orphan.wait(60) == 0
        assert client.ping()


def test_only_the_owner_can_read_its_password(tmp_path: Path) -> None:
    EmbeddedRedis(tmp_path).prepare()
    assert stat.S_IMODE((tmp_path / "redis.conf").stat().st_mode) == 0o600
