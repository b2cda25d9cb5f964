"""Redis as a child process (processes/redis.py)."""

import os
import pwd
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from processes import redis as embedded
from processes.errors import ProcessError
from processes.redis import EmbeddedRedis
from tests.support.waiting import wait_until


def test_it_answers_with_its_password_only(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=False) as server:
        with redis.Redis.from_url(server.url) as client:
            assert client.ping()
        stranger = redis.Redis(port=server.port, retry=Retry(NoBackoff(), 0))
        with stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()


def test_it_is_a_version_that_still_gets_security_fixes(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=False) as server, redis.Redis.from_url(server.url) as client:
        known = client.info("server")
        assert int(known.get("valkey_version", known["redis_version"]).partition(".")[0]) >= 7
        assert known.get("valkey_version", known["redis_version"]) in server.version()


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


def test_its_folder_may_have_any_name(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path / 'l\'été "2" \\x41 # $HOME') as server, redis.Redis.from_url(server.url) as client:
        client.set("kept", "42")
        assert (server.directory / "redis.pid").exists()
        assert (server.directory / "appendonlydir").is_dir()


def test_only_the_owner_can_read_its_password(tmp_path: Path) -> None:
    EmbeddedRedis(tmp_path).prepare()
    assert stat.S_IMODE((tmp_path / "redis.conf").stat().st_mode) == 0o600


@pytest.fixture
def without_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A host for which there is no wheel; yields the only folder in which it looks for programs."""

    def missing(*path: str) -> str:
        raise ProcessError("no wheel")

    monkeypatch.setattr(embedded, "program_in_wheel", missing)
    monkeypatch.setenv("PATH", str(tmp_path))
    embedded._server.cache_clear()
    yield tmp_path
    embedded._server.cache_clear()


def install(folder: Path, name: str, version: str) -> str:
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{version}'\n")
    program.chmod(0o755)
    return str(program)


def test_without_a_wheel_and_a_server_of_the_host_the_error_names_the_remedies(without_wheel: Path) -> None:
    with pytest.raises(ProcessError, match="Valkey or Redis 7 or newer, or set REDIS_URL"):
        EmbeddedRedis(without_wheel).command()


def test_without_a_wheel_the_valkey_of_the_host_comes_before_its_redis(without_wheel: Path) -> None:
    redis_server = install(without_wheel, "redis-server", "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1")
    assert redis_server in EmbeddedRedis(without_wheel).command()
    embedded._server.cache_clear()
    valkey = install(without_wheel, "valkey-server", "Valkey server v=8.1.1 sha=00000000:0 malloc=jemalloc-5.3.0")
    assert valkey in EmbeddedRedis(without_wheel).command()


def test_without_a_wheel_an_outdated_redis_of_the_host_is_refused(without_wheel: Path) -> None:
    install(without_wheel, "redis-server", "Redis server v=6.2.14 sha=00000000:0 malloc=libc bits=64")
    with pytest.raises(ProcessError, match="valkey-server is missing"):
        EmbeddedRedis(without_wheel).command()
