"""Redis from a wheel."""

import stat
import subprocess
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from local.errors import LocalError
from local.redis import EmbeddedRedis


def test_it_answers_with_its_password_only(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=False) as server:
        with redis.Redis.from_url(server.url) as client:
            assert client.ping()
        stranger = redis.Redis(port=server.port, retry=Retry(NoBackoff(), 0))
        with stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()


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
    while not left.accepts():
        assert orphan.poll() is None
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        assert orphan.wait(10) == 0
        assert client.ping()


def test_its_password_is_for_its_owner_alone(tmp_path: Path) -> None:
    EmbeddedRedis(tmp_path).prepare()
    assert stat.S_IMODE((tmp_path / "redis.conf").stat().st_mode) == 0o600


def test_a_machine_without_a_wheel_uses_the_redis_that_is_installed(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("local.redis.program_in_wheel", _no_wheel)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalError, match="no wheel of redis-server for this machine: install it, or set REDIS_URL"):
        EmbeddedRedis(tmp_path).command()
    (tmp_path / "redis-server").touch(mode=0o755)
    assert str(tmp_path / "redis-server") in EmbeddedRedis(tmp_path).command()


def _no_wheel(*path: str) -> str:
    raise LocalError("no wheel")
