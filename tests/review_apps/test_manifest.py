"""app.json as a review app reads it (review_apps/manifest.py), and names, settings and logs."""

import json
from pathlib import Path
from typing import Any

import pytest

from review_apps.addons import AddOns
from review_apps.errors import ReviewAppError
from review_apps.locks import BusyError, Locks
from review_apps.logfile import LogFile
from review_apps.manifest import AddOn, HealthCheck, Manifest
from review_apps.servers import Servers
from review_apps.settings import Settings
from review_apps.state import App, DamagedError, Store, name_of, role_of
from review_apps.times import age, iso


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


@pytest.mark.parametrize(
    ("given", "quantities"),
    [
        ({"web": {}, "worker": {"size": "basic"}}, {"web": 1, "worker": 1}),
        ({"web": 1, "worker": "2"}, {"web": 1, "worker": 2}),
        ({"web": {"quantity": None}, "worker": None, "clock": {"quantity": 2.0}}, {"web": 1, "worker": 1, "clock": 2}),
        ([{"process": "web"}, {"process": "worker", "quantity": "0"}], {"web": 1, "worker": 0}),
        (None, {}),
    ],
)
def test_a_formation_may_have_every_form(tmp_path: Path, given: Any, quantities: dict[str, int]) -> None:
    assert manifest(tmp_path, formation=given).formation == quantities


def test_variables_may_have_every_form(tmp_path: Path) -> None:
    given = {"TEXT": "x", "NUMBER": 3, "REAL": 0.5, "FLAG": True, "NOTHING": None, "OBJECT": {"value": 7}}
    given["OPTIONAL"] = {"value": None, "required": "false"}
    values, _ = manifest(tmp_path, env=given).variables({}, {})
    assert values == {"TEXT": "x", "NUMBER": "3", "REAL": "0.5", "FLAG": "true", "OBJECT": "7"}
    special = {"review": {"env": None, "addons": None, "scripts": None}, "test": None}
    merged = manifest(tmp_path, env=None, addons=["heroku-redis"], environments=special)
    assert (merged.env, merged.addons) == ({}, (AddOn("heroku-redis"),))


def test_scripts_and_add_ons_may_be_objects(tmp_path: Path) -> None:
    scripts = {"postdeploy": {"command": "seed", "size": "basic"}, "pr-predestroy": None}
    read = manifest(tmp_path, scripts=scripts, addons=[{"plan": "heroku-postgresql:essential-0", "as": "USERS"}])
    assert (read.script("postdeploy"), read.script("pr-predestroy")) == ("seed", "")
    assert read.addons == (AddOn("heroku-postgresql", "USERS"),)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ({"env": []}, "env must be"),
        ({"env": {"A": ["x"]}}, "env.A must be"),
        ({"env": {"A": {"value": {}}}}, "env.A.value must be"),
        ({"env": {"A": {"generator": "token"}}}, "env.A.generator must be"),
        ({"env": {"A": {"required": 3}}}, "env.A.required must be"),
        ({"formation": {"web": {"quantity": -1}}}, "formation.web.quantity must be"),
        ({"formation": {"web": "many"}}, "formation.web must be"),
        ({"formation": [{"quantity": 1}]}, r"formation\[0\].process must be"),
        ({"formation": 3}, "formation must be"),
        ({"addons": {}}, "addons must be"),
        ({"addons": [3]}, r"addons\[0\] must be"),
        ({"addons": [{"as": "X"}]}, r"addons\[0\].plan must be"),
        ({"scripts": {"postdeploy": ["seed"]}}, "scripts.postdeploy must be"),
        ({"scripts": "seed"}, "scripts must be"),
        ({"environments": []}, "environments must be"),
        ({"environments": {"review": 3}}, "review must be"),
        ({"healthchecks": {"web": [{"path": "ready"}]}}, r"healthchecks.web\[0\].path must be"),
    ],
)
def test_a_mistake_in_app_json_is_one_line_that_names_the_key(tmp_path: Path, content: Any, key: str) -> None:
    with pytest.raises(ReviewAppError, match=rf"^app\.json: {key}[^\n]*$"):
        manifest(tmp_path, **content)
    (tmp_path / "app.json").write_text("[]")
    with pytest.raises(ReviewAppError, match="its content must be an object"):
        Manifest.read(tmp_path)


def test_the_health_check_is_the_first_of_the_web_process_with_a_path(tmp_path: Path) -> None:
    checks = [{"type": "startup", "uptime": 3}, {"type": "startup", "path": "/up", "content": "ok"}]
    assert manifest(tmp_path, healthchecks={"web": checks}).health_check == HealthCheck("/up", "ok")
    assert manifest(tmp_path, healthchecks={"worker": checks}).health_check is None


def test_a_project_without_app_json_has_neither_variables_nor_add_ons(tmp_path: Path) -> None:
    assert Manifest.read(tmp_path) == Manifest({}, {}, (), {}, (), None)


def test_add_ons_are_a_table_that_the_owner_of_the_host_extends(tmp_path: Path) -> None:
    table = {
        "papertrail": {"kind": "variables", "variables": {"PAPERTRAIL_TOKEN": "t", "NAME": "of-{app}"}},
        "bucketeer": {"kind": "command", "create": f"echo BUCKET=$1; echo >&2 no; touch {tmp_path}/$1"},
        "scheduler": {"kind": "none"},
    }
    settings = Settings(tmp_path, addons=table)
    addons = AddOns(settings, Store(tmp_path), Servers(settings, Locks(tmp_path)))
    asked = tuple(AddOn(name) for name in table)
    assert addons.provide(App(1, "topic", "/repository"), asked) == {
        "PAPERTRAIL_TOKEN": "t",
        "NAME": "of-pr-0001",
        "BUCKET": "pr-0001",
    }
    assert (tmp_path / "pr-0001").exists()


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ({"kind": "mysql"}, "addons.x.kind must be one of"),
        ("postgresql", "addons.x.kind must be one of"),
        ({"kind": "command"}, "addons.x.create must be"),
        ({"kind": "variables"}, "addons.x.variables is missing"),
        ({"kind": "redis", "port": 1}, "addons.x.port does not exist"),
    ],
)
def test_a_mistake_in_the_table_of_add_ons_is_named(tmp_path: Path, entry: Any, complaint: str) -> None:
    settings = Settings(tmp_path, addons={"x": entry})
    with pytest.raises(ReviewAppError, match=complaint):
        AddOns(settings, Store(tmp_path), Servers(settings, Locks(tmp_path)))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"number": 1}', '{"number": 2, "branch": "x", "repository": "y"}',
     '{"number": 1, "branch": 7, "repository": "y"}'],
)  # fmt: skip
def test_a_damaged_state_file_is_an_error_of_its_app_alone(tmp_path: Path, text: str) -> None:
    store = Store(tmp_path)
    store.save(App(1, "topic", "/repository"))
    store.save(App(2, "topic", "/repository"))
    (tmp_path / "apps" / "pr-0001.json").write_text(text)
    with pytest.raises(DamagedError, match="close pr-0001 and open it again"):
        store.load(1)
    assert [app.number for app in store.all()] == [2]


def test_a_state_file_of_another_version_is_read(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.folder(1).mkdir(parents=True)
    (tmp_path / "apps" / "pr-0001.json").write_text(
        '{"number": 1, "branch": "x", "repository": "y", "new": 1, "opened": 3}'
    )
    app = store.load(1)
    assert app is not None
    assert (app.branch, app.opened, app.asleep) == ("x", 3, False)


def test_the_lock_of_an_app_is_not_that_of_another(tmp_path: Path) -> None:
    first, second = Locks(tmp_path), Locks(tmp_path)
    with first.app(1), second.app(0), second.host(), pytest.raises(BusyError), second.app(1, wait=False):
        pass
    with second.app(1, wait=False):
        pass


@pytest.mark.parametrize(
    ("unix_seconds", "text"), [(0, ""), (1_795_797_343.9, "2026-11-27T16:35:43Z"), (1, "1970-01-01T00:00:01Z")]
)
def test_times_are_iso_8601(unix_seconds: float, text: str) -> None:
    assert iso(unix_seconds) == text


def test_ages_are_in_their_largest_unit() -> None:
    assert [age(seconds) for seconds in (0, 59, 60, 7300, 200_000)] == ["0 s", "59 s", "1 min", "2 h", "2 d"]
