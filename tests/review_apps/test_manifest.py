"""app.json as a review app reads it (review_apps/manifest.py), and names, settings and logs."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from processes.termination import kill
from review_apps import limits
from review_apps.addons import AddOns
from review_apps.errors import ReviewAppError
from review_apps.locks import Locks
from review_apps.logfile import LogFile
from review_apps.manifest import AddOn, Manifest
from review_apps.servers import Servers
from review_apps.settings import Settings
from review_apps.state import App, Store, name_of, role_of
from tests.support.waiting import wait_until


def manifest(folder: Path, **content: Any) -> Manifest:
    (folder / "app.json").write_text(json.dumps({"name": "x", "description": "y", **content}))
    return Manifest.read(folder)


def test_a_required_variable_without_value_is_an_error(tmp_path: Path) -> None:
    asking = manifest(tmp_path, env={"TOKEN": {"description": "a token"}})
    with pytest.raises(ReviewAppError, match=r"app\.json requires TOKEN"):
        asking.variables({}, {})
    assert asking.variables({"TOKEN": "given"}, {}) == ({"TOKEN": "given"}, {})
    assert manifest(tmp_path, env={"TOKEN": {"required": False}}).variables({}, {}) == ({}, {})


def test_secrets_are_made_once(tmp_path: Path) -> None:
    generating = manifest(tmp_path, env={"A": {"generator": "secret"}, "B": {"generator": "secret"}})
    _, made = generating.variables({}, {})
    assert made["A"] != made["B"]
    assert generating.variables({}, made) == (made, made)


def test_the_review_environment_overrides_the_rest(tmp_path: Path) -> None:
    special = {"env": {"A": "2"}, "formation": [{"process": "web", "quantity": 1}], "scripts": {"postdeploy": "seed"}}
    merged = manifest(
        tmp_path, env={"A": "1", "B": "1"}, addons=["heroku-redis"], formation={}, environments={"review": special}
    )
    assert merged.variables({}, {})[0] == {"A": "2", "B": "1"}
    assert (merged.formation, merged.addons) == ({"web": 1}, (AddOn("heroku-redis"),))
    assert merged.script("postdeploy") == "seed"


def test_an_add_on_that_the_host_lacks_is_named(tmp_path: Path) -> None:
    asking = manifest(tmp_path, addons=["papertrail:choklad"])
    settings, store = Settings(tmp_path), Store(tmp_path)
    addons = AddOns(settings, store, Servers(settings, Locks(tmp_path)))
    with pytest.raises(ReviewAppError, match="the add-on papertrail, which"):
        addons.provide(App(1, "topic", "/repository"), asking.addons)


def test_no_name_is_a_prefix_of_another() -> None:
    names = [name_of(number) for number in (1, 12, 120, 1200)]
    assert names == ["pr-0001", "pr-0012", "pr-0120", "pr-1200"]
    assert role_of(1) == "review_pr_0001"


def test_a_partly_opened_app_is_found(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.save(App(1, "topic", "/repository"))
    store.folder(12).mkdir()
    (tmp_path / "apps" / "notes.txt").touch()
    assert store.numbers() == [1, 12]
    assert [app.number for app in store.all()] == [1]
    assert (tmp_path / "apps" / "pr-0001.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("{", "is not JSON"), ('{"ports": 1}', "there is no setting ports"), ('{"stale_days": "7"}', "of the type int")],
)
def test_a_mistake_in_the_settings_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "settings.json").write_text(text)
    with pytest.raises(ReviewAppError, match=complaint):
        Settings.read(tmp_path)


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, "http://pr-0012.localhost:8080"),
        ({"listen": "0.0.0.0:80", "domain": "example.org"}, "http://pr-0012.example.org"),
        ({"listen": "[::]:443", "domain": "example.org", "certificate": "c"}, "https://pr-0012.example.org"),
    ],
)
def test_an_app_has_an_address(settings: dict[str, str], url: str) -> None:
    assert Settings(Path(), **settings).url("pr-0012") == url  # type: ignore[arg-type]


def test_a_log_hides_secrets_even_when_one_is_part_of_another_and_stays_small(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log", ["short", "short-and-long", ""])
    log.write("short-and-long, short\n")
    assert (tmp_path / "log").read_text() == "[secret], [secret]\n"
    for _ in range(50):
        log.write("x" * 99_999 + "\n")
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 5_000_000


def test_an_excess_of_processes_or_memory_is_described() -> None:
    me = psutil.Process()
    assert limits.excess([me], 100_000, 1000) == ""
    assert "of memory, more than 1" in limits.excess([me], 1, 1000)
    assert "processes, more than 0" in limits.excess([me], 100_000, 0)


def test_each_child_is_limited_together_with_its_descendants() -> None:
    nested = ["sh", "-c", "sleep 1000 & sleep 1000 & wait"]
    with subprocess.Popen(nested, start_new_session=True) as first, subprocess.Popen(["sleep", "1000"]) as second:
        try:
            parent = psutil.Process(first.pid)
            wait_until(lambda: len(parent.children()) == 2, "the shell starts its children")
            families = {pids[0]: len(pids) for pids in limits.Families(os.getpid()).look()}
            assert (families[first.pid], families[second.pid]) == (3, 1)
        finally:
            kill([*parent.children(), parent])
            second.kill()
