"""The compose file runs the processes of the Procfile, confined, with the settings and secrets of the code."""

import json
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

from app.config import Settings
from app.config.settings import describe_settings, setting_errors
from deploy.compose import prepare as prepare_module
from deploy.compose import scheduler
from deploy.compose.prepare import SETTINGS, prepare, roles_sql
from deploy.compose.scheduler import TASKS, Task, due
from deploy.compose.with_secrets import with_secrets
from deploy.host.plan import processes
from deploy.host.settings import ALL_SURFACES
from deploy.host.templates import placeholders
from processes.ports import reserve_port
from processes.procfile import read_procfile
from tests.deploy_host.hosts import ROOT, environment, host_settings, write_nginx
from tests.guards.test_devcontainer import COMPOSE as DEVCONTAINER
from tests.support.programs import require_program
from tests.support.roles import ROLES

FOLDER = ROOT / "deploy" / "compose"
COMPOSE = yaml.safe_load((FOLDER / "compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if str(service["image"]).startswith("${IMAGE")}
PROCESSES = {f"{process.name}": process for process in processes(SETTINGS)}
VARIABLES = {
    "PORTAL_NAME": "portal.example.org",
    "SHARING_NAME": "share.example.org",
    "STATUS_NAME": "status.example.org",
    "MAIL_FROM": "a@example.org",
}
MAIL = {"MAIL_URL": "smtps://mail.example.org"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The secrets of an installation."""
    folder = tmp_path_factory.mktemp("compose") / "secrets"
    prepare(folder, "ON")
    (folder / "mail.env").write_text("".join(f"{name}={value}\n" for name, value in MAIL.items()))
    (folder / "notices.env").write_text("NOTICE_EMAILS=team@example.org\nMAIL_URL=smtps://mail.example.org\n")
    return folder


def environment_of(service: dict[str, Any], folder: Path) -> dict[str, str]:
    """Return the environment of a service's process, as `with_secrets` makes it."""
    given = {
        name: re.sub(
            r"\$\{(\w+)(?::-(\w*)|:\?)\}",
            lambda match: VARIABLES[match[1]] if match[2] is None else match[2],
            str(value),
        )
        for name, value in service["environment"].items()
    }
    given["SECRETS"] = given.get("SECRETS", "").replace("/run/secrets", str(folder))
    return with_secrets(given)


def test_the_file_follows_its_schema() -> None:
    result = CliRunner().invoke(
        check_jsonschema, ["--builtin-schema", "vendor.compose-spec", str(FOLDER / "compose.yml")]
    )
    assert result.exit_code == 0, result.output


def test_each_process_of_the_procfile_runs_for_each_surface() -> None:
    kinds = set(read_procfile(ROOT / "Procfile"))
    named = {name: service["command"] for name, service in OURS.items() if len(service["command"]) == 1}
    assert set(named) == {"clock", *PROCESSES}
    assert {command[0] for command in named.values()} | {"release"} == kinds
    for name, process in PROCESSES.items():
        assert named[name] == [process.kind]
        assert OURS[name]["environment"]["SURFACES"] == process.surface
    assert OURS["release"]["command"][-1] == "deploy.compose.release"
    assert 'run(["bin/process", "release"]' in (FOLDER / "release.py").read_text()


def test_every_service_is_confined() -> None:
    for name, service in SERVICES.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["user"] not in ("root", "0"), name
        assert not {"privileged", "cap_add", "pid", "network_mode", "devices"} & set(service), name
        assert not any("docker.sock" in str(volume) for volume in service.get("volumes", [])), name


def test_only_the_proxy_is_published_and_only_what_sends_reaches_the_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    outside = {name for name, service in SERVICES.items() if "outside" in service["networks"]}
    assert outside == {"proxy", "worker-portal", "worker-status", "clock", "scheduler"}
    assert COMPOSE["networks"]["outside"] == {"enable_ipv6": True}  # so that nginx sees addresses of clients
    assert COMPOSE["networks"]["data"] == COMPOSE["networks"]["web"] == {"internal": True}
    assert "data" not in SERVICES["proxy"]["networks"]


@pytest.mark.parametrize("name", [*PROCESSES, "clock"])
def test_each_process_starts_with_its_own_settings(name: str, folder: Path) -> None:
    values = environment_of(OURS[name], folder)
    assert setting_errors(values) == []
    settings = Settings.from_environment(values)
    assert settings.is_production
    known = {setting.name for setting in describe_settings()} | {"WEB_CONCURRENCY", "SECRETS"}
    assert set(values) - known == set()
    if name in PROCESSES:
        process = PROCESSES[name]
        assert f"//{process.role}:" in settings.database_url
        assert f"//{name}:" in settings.redis_url


def test_secrets_are_files_of_one_process_each(folder: Path) -> None:
    secret = {setting.name for setting in describe_settings() if setting.is_secret}
    assert [name for name, service in SERVICES.items() if set(service.get("environment", {})) & secret] == []
    for name, service in OURS.items():
        files = str(service["environment"].get("SECRETS", "")).replace("/run/secrets/", "").split(",")
        assert set(filter(None, files)) <= set(service["secrets"]), name
    holders: dict[str, list[str]] = {}
    for name, service in SERVICES.items():
        for file in service.get("secrets", []):
            holders.setdefault(file, []).append(name)
    shared = {file: names for file, names in holders.items() if len(names) > 1}
    assert shared == {
        "mail.env": ["web-portal", "worker-portal", "clock"],
        "notices.env": ["web-status", "worker-status", "clock"],
        "owner.env": ["release", "scheduler"],
    }
    assert set(COMPOSE["secrets"]) == set(holders)
    made = {path.name for path in folder.iterdir()}
    by_hand = {"alarms.env", "backup-recipients", "backup-key", "certificate.pem", "key.pem"}
    assert set(COMPOSE["secrets"]) - made == by_hand
    modes = {
        stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.name not in ("mail.env", "notices.env")
    }
    assert modes == {0o440}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_web_process_and_its_worker_share_their_secrets_alone(folder: Path) -> None:
    for surface in ALL_SURFACES:
        web, worker = (
            dict(line.split("=", 1) for line in (folder / f"{kind}-{surface}.env").read_text().splitlines())
            for kind in ("web", "worker")
        )
        different = {name for name in web if web[name] != worker[name]}
        assert different == {"DATABASE_URL", "REDIS_URL"}
    texts = [(folder / f"web-{surface}.env").read_text() for surface in ALL_SURFACES]
    values = [line.split("=", 1)[1] for text in texts for line in text.splitlines() if "METRICS_TOKEN" not in line]
    assert len(set(values)) == len(values)


def test_a_second_preparation_changes_nothing(folder: Path) -> None:
    before = {path.name: path.read_text() for path in folder.iterdir()}
    prepare(folder, "AB")
    assert {path.name: path.read_text() for path in folder.iterdir()} == before
    assert set(re.findall(r"CREATE ROLE (\w+)", roles_sql(dict.fromkeys(ROLES, "x")))) == set(ROLES)
    assert set(re.findall(r"CREATE ROLE (\w+)", before["roles.sql"])) == set(ROLES)


@pytest.mark.parametrize("at", ["web-portal.env", "users.acl"])
def test_a_preparation_that_was_interrupted_is_completed(at: str, tmp_path: Path) -> None:
    for method, stopped in (("_write", prepare_module), ("replace", Path)):
        folder, real = tmp_path / method, getattr(stopped, method)

        def stop(*arguments: object, real: Any = real) -> object:
            if any(str(each).endswith(at) for each in arguments):
                raise KeyboardInterrupt
            return real(*arguments)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(stopped, method, stop)
            with pytest.raises(KeyboardInterrupt):
                prepare(folder, "ON")
        before = {path.name: path.read_text() for path in folder.glob("*.env")}
        prepare(folder, "ON")
        after = {path.name: path.read_text() for path in folder.iterdir()}
        assert {"users.acl", "roles.sql", "owner.env"} <= set(after)
        assert [name for name in before if after[name] != before[name]] == []
        roles = dict(re.findall(r"CREATE ROLE (\w+) LOGIN PASSWORD '([^']+)'", after["roles.sql"]))
        assert f"//portal:{roles['portal']}@" in after["web-portal.env"]


def test_secrets_without_the_last_file_are_not_replaced(tmp_path: Path) -> None:
    prepare(tmp_path, "ON")
    (tmp_path / "users.acl").unlink()
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    with pytest.raises(FileExistsError, match="restore the whole folder"):
        prepare(tmp_path, "ON")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


def test_the_proxy_has_a_value_for_each_placeholder() -> None:
    templates = list((ROOT / "deploy" / "proxy").rglob("*.template"))
    needed = set().union(*(placeholders(template) for template in templates))
    given = set(SERVICES["proxy"]["environment"]) - {"NGINX_ENVSUBST_OUTPUT_DIR"}
    assert needed == given
    # The image's envsubst replaces every `$name` of its environment, and nginx's own variables must stay.
    assert not any(name.islower() for name in given)
    mounts = {volume.split(":")[1] for volume in SERVICES["proxy"]["volumes"]}
    assert {f"/etc/nginx/templates/{name}" for name in ("nginx.conf.template", "sites", "snippets")} <= mounts


def test_the_proxy_follows_containers_that_are_replaced() -> None:
    text = (FOLDER / "upstreams.conf").read_text()
    served = re.findall(r"^upstream (\w+) \{ zone web-\1 64k; server web-\1:8001 resolve ", text, re.MULTILINE)
    assert sorted(served) == sorted(ALL_SURFACES)
    assert re.findall(r"^resolver 127.0.0.11 valid=(\d+)s", text, re.MULTILINE) == ["5"]
    assert SERVICES["proxy"]["image"].startswith("nginx:1.28-")  # before 1.27.3, `resolve` was not free


def test_nginx_accepts_the_names_of_zones(tmp_path: Path) -> None:
    nginx = require_program("nginx")
    write_nginx(tmp_path, host_settings(tmp_path), reserve_port(), reserve_port(), dict.fromkeys(ALL_SURFACES, 8001))
    # Debian's nginx is older than `resolve`, and only a container knows these hosts.
    text = re.sub(r"server web-\w+:8001 resolve", "server 127.0.0.1:8001", (FOLDER / "upstreams.conf").read_text())
    (tmp_path / "conf" / "upstreams.conf").write_text(text)
    command = [nginx, "-t", "-q", "-e", "stderr", "-c", str(tmp_path / "conf" / "nginx.conf")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_configuration_of_nginx_is_written_into_a_folder_that_exists() -> None:
    """The image's entry point makes folders below it, and only logs an error if it cannot write there."""
    proxy = SERVICES["proxy"]
    folder = proxy["environment"]["NGINX_ENVSUBST_OUTPUT_DIR"]
    assert folder in {mount.partition(":")[0] for mount in proxy["tmpfs"]}
    assert proxy["environment"]["FOLDER"] == folder
    assert f"{folder}/nginx.conf" in proxy["command"]


def test_postgresql_is_healthy_only_where_others_reach_it() -> None:
    """Its image makes roles and databases with a server that listens at its socket alone."""
    (_, command) = SERVICES["postgres"]["healthcheck"]["test"]
    assert "--host" in command


def test_postgresql_is_the_one_whose_programs_the_image_has() -> None:
    image = SERVICES["postgres"]["image"]
    assert f"FROM {image} AS postgres\n" in (ROOT / "Dockerfile").read_text()
    assert yaml.safe_load(DEVCONTAINER.read_text())["services"]["db"]["image"] == image


def test_the_image_has_what_compose_runs() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    for name in ("bin/backup", "bin/restore", "bin/postgres-environment", "bin/process"):
        assert re.search(rf"^COPY .*\b{name}\b", dockerfile, re.MULTILINE), name
    for program in ("pg_dump", "pg_restore", "psql"):
        assert f"/usr/lib/postgresql/18/bin/{program}" in dockerfile
    assert "COPY --from=build /service/deploy deploy" in dockerfile
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {"!deploy", "!docs/operations.md"} <= set(ignored)


def test_tasks_are_due_at_their_times() -> None:
    task = Task("backup", (), every=100, first=10, secrets="")
    assert [due(task, seconds, done) for seconds, done in ((9, 0), (10, 0), (109, 1), (110, 1))] == [
        False,
        True,
        False,
        True,
    ]
    assert {task.name for task in TASKS} == {"backup", "rehearsal"}


def test_a_failed_task_raises_an_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def fail(command: list[str], *_: object, **__: object) -> bool:
        calls.append(command)
        return False

    monkeypatch.setattr(scheduler, "_succeeds", fail)
    monkeypatch.setattr(scheduler.subprocess, "run", fail)
    assert scheduler.run(Task("backup", ("deploy.host.backup",), 1, 1, ""), {}) is False
    assert [call[2] for call in calls] == ["deploy.host.backup", "deploy.host.alarms"]
    assert calls[1][-1] == "exposure-alert-backup"


def test_secrets_become_variables_of_the_process(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("SECRET_KEY=from-the-file\nPORT=1\n")
    values = environment({"SECRETS": str(tmp_path / "one"), "PORT": "2"})
    script = "import json, os; print(json.dumps({name: os.environ[name] for name in ('SECRET_KEY', 'PORT')}))"
    command = [sys.executable, "-m", "deploy.compose.with_secrets", "python", "-c", script]
    done = subprocess.run(command, cwd=ROOT, env=values, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"SECRET_KEY": "from-the-file", "PORT": "2"}
