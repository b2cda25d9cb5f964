"""The dev container and the production image refer to what the project has."""

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

from tests.guards.source import ROOT

DEFINITION = ROOT / ".devcontainer" / "devcontainer.json"
SCHEMA = ROOT / "devcontainer" / "devcontainer.schema.json"
COMPOSE = ROOT / "devcontainer" / "compose.yml"
DOCKERFILES = [ROOT / "Dockerfile", ROOT / "devcontainer" / "Dockerfile"]
LIFE_CYCLE = (
    "initializeCommand",
    "onCreateCommand",
    "updateContentCommand",
    "postCreateCommand",
    "postStartCommand",
    "postAttachCommand",
)


@pytest.fixture(scope="module")
def definition() -> dict[str, Any]:
    return json.loads(DEFINITION.read_text())


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load(COMPOSE.read_text())


def is_valid(*arguments: str | Path) -> bool:
    return CliRunner().invoke(check_jsonschema, [str(argument) for argument in arguments]).exit_code == 0


def instructions(dockerfile: Path) -> list[tuple[str, str]]:
    """Return the instructions of an image, with continued lines joined and without comments."""
    lines = [line for line in dockerfile.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in joined.splitlines() if line.strip()]


def our_scripts(command: str) -> list[str]:
    return [word for word in shlex.split(command) if word.startswith("bin/")]


def test_the_dev_container_follows_its_schema() -> None:
    assert is_valid("--schemafile", SCHEMA, DEFINITION)


@pytest.mark.parametrize(
    "mistake",
    [{"postCreateComand": "true"}, {"remoteUser": "root"}, {"forwardPorts": ["db"]}, {"features": {"x:1": {}}}],
)
def test_the_schema_detects_mistakes_in_the_dev_container(
    mistake: dict[str, Any], definition: dict[str, Any], tmp_path: Path
) -> None:
    wrong = tmp_path / "devcontainer.json"
    wrong.write_text(json.dumps(definition | mistake))
    assert not is_valid("--schemafile", SCHEMA, wrong)


def test_the_compose_file_follows_its_schema() -> None:
    assert is_valid("--builtin-schema", "vendor.compose-spec", COMPOSE)


def test_the_definition_and_the_compose_file_agree(definition: dict[str, Any], compose: dict[str, Any]) -> None:
    assert (DEFINITION.parent / definition["dockerComposeFile"]).resolve() == COMPOSE
    app = compose["services"][definition["service"]]
    mounted = [volume.partition(":")[2] for volume in app["volumes"]]
    assert definition["workspaceFolder"] == mounted[0]
    named = {str(port).partition(":")[0] for port in definition["forwardPorts"] if ":" in str(port)}
    assert named <= compose["services"].keys()


def test_the_dev_container_waits_for_healthy_servers(definition: dict[str, Any], compose: dict[str, Any]) -> None:
    servers = compose["services"].keys() - {definition["service"]}
    waited_for = compose["services"][definition["service"]]["depends_on"]
    assert waited_for == {server: {"condition": "service_healthy"} for server in servers}
    assert all("healthcheck" in compose["services"][server] for server in servers)


def test_life_cycle_commands_are_scripts_of_the_project(definition: dict[str, Any]) -> None:
    commands = [definition[name] for name in LIFE_CYCLE if name in definition]
    assert commands
    programs = [shlex.split(command)[0] for command in commands]
    assert [program for program in programs if not program.startswith("bin/")] == []
    assert [program for program in programs if not (ROOT / program).stat().st_mode & 0o100] == []
    files = [word for command in commands for word in shlex.split(command) if word.endswith(".txt")]
    assert [file for file in files if not (ROOT / file).exists()] == []


def test_creating_a_container_runs_no_tests(definition: dict[str, Any]) -> None:
    commands = [definition[name] for name in LIFE_CYCLE if name in definition]
    assert [command for command in commands if "test" in command] == []


def test_the_dev_container_user_may_install_packages(definition: dict[str, Any]) -> None:
    text = DOCKERFILES[1].read_text()
    assert re.search(r"apt-get install[^&]*\bsudo\b", text)
    assert f'"{definition["remoteUser"]} ALL=(root) NOPASSWD:ALL" > /etc/sudoers.d/' in text


def test_the_dev_container_is_installed_like_continuous_integration(definition: dict[str, Any]) -> None:
    by_ci = (ROOT / ".ci" / "run").read_text()
    assert "bin/install-system" in by_ci
    installs = [command for name, command in instructions(DOCKERFILES[1]) if name == "RUN"]
    assert any("install-system && " in command for command in installs)
    assert our_scripts(definition["updateContentCommand"]) == ["bin/install"]


def base_images(dockerfile: Path) -> list[str]:
    """Return the images that a Dockerfile starts from, without its own stages."""
    stages = [argument for name, argument in instructions(dockerfile) if name == "FROM"]
    own = {stage.partition(" AS ")[2] for stage in stages}
    return [base for stage in stages if (base := stage.split()[0]) not in own]


def test_base_images_are_pinned_to_a_version_and_digest() -> None:
    bases = {str(path.relative_to(ROOT)): base_images(path) for path in DOCKERFILES}
    assert all(bases.values())
    pinned = re.compile(r"(?:python:3\.11\.\d+-slim|postgres:18)-\w+@sha256:[0-9a-f]{64}")
    assert [f"{path}: {base}" for path, found in bases.items() for base in found if not pinned.fullmatch(base)] == []


def test_the_dev_container_has_the_python_of_production() -> None:
    bases = {re.search(r"^FROM (python:\S+)", path.read_text(), re.MULTILINE).group(1) for path in DOCKERFILES}  # type: ignore[union-attr]
    assert len(bases) == 1
    assert bases.pop().startswith(f"python:{(ROOT / '.python-version').read_text().strip()}.")


def copied_files(dockerfile: Path) -> list[str]:
    """Return the files and folders of the project that an image gets."""
    copies = [argument for name, argument in instructions(dockerfile) if name == "COPY"]
    return [word for copy in copies if not copy.startswith("--from") for word in copy.split()[:-1]]


def test_files_copied_into_images_exist() -> None:
    sources = {str(path.relative_to(ROOT)): copied_files(path) for path in DOCKERFILES}
    assert all(sources.values())
    assert [f"{path}: {file}" for path, files in sources.items() for file in files if not (ROOT / file).exists()] == []


def test_the_production_image_runs_as_an_unprivileged_user() -> None:
    last = dict(instructions(ROOT / "Dockerfile"))
    assert last["USER"] == "10001"
    assert last["ENTRYPOINT"] == '["bin/process"]'
    assert last["HEALTHCHECK"].endswith('CMD ["bin/healthy"]')


def test_the_build_context_holds_only_copied_files() -> None:
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert ignored[0] == "*"
    sent = {line[1:] for line in ignored if line.startswith("!")}
    copied = copied_files(ROOT / "Dockerfile")
    needed = {file if file.startswith("docs/") else file.split("/")[0] for file in copied}
    assert sent == needed, "name in .dockerignore exactly what the Dockerfile copies"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A folder laid out like the image, with processes that print what they were given."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "process").write_bytes((ROOT / "bin" / "process").read_bytes())
    (tmp_path / "bin" / "process").chmod(0o755)
    (tmp_path / "Procfile").write_text(
        'release: echo "released $WHAT"\nweb: bash -c "exit 7"\nworker: sh -c "echo $$"\n'
    )
    return tmp_path


def start(image: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [image / "bin" / "process", *arguments],
        env={"PATH": "/usr/bin:/bin", "WHAT": "everything"},
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )


def test_the_image_runs_the_named_process(image: Path) -> None:
    assert start(image, "release").stdout == "released everything\n"
    assert start(image, "web").returncode == 7


def test_a_process_replaces_the_shell_to_receive_signals(image: Path) -> None:
    with subprocess.Popen([image / "bin" / "process", "worker"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.read().strip() == str(process.pid)


def test_other_arguments_are_run_as_a_command(image: Path) -> None:
    assert start(image, "echo", "flask", "routes").stdout == "flask routes\n"


def test_the_image_requires_a_process_name(image: Path) -> None:
    finished = start(image)
    assert finished.returncode != 0
    assert "which process" in finished.stderr
