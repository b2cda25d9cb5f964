"""The first steps of README.md, copied line by line into a shell, print what README says that they print."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.local.test_make_run import ROOT, Run
from tests.support.cluster import put_cluster
from tests.support.programs import require_program
from tests.support.waiting import wait_until

ADDRESS = "http://127.0.0.1:8001"
TOKEN = "8B74fmHh0NG8Mc83Rt2_5T300y3yr4XN"  # an example, which no service accepts
MARK = "next command"


def steps() -> list[tuple[str, str]]:
    """Return each command of the section "First steps", with the output that follows it."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## First steps\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```console\n(.*?)^```", section, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", "".join(blocks), flags=re.MULTILINE)


def without_chance(output: str) -> str:
    """Return an output with what differs each time replaced: dates, codes, and the folder of the project."""
    replaced = re.sub(r"\d{4}-\d\d-\d\d", "DATE", output)
    replaced = re.sub(r"^[A-Z0-9]{10}$", "CODE", replaced, flags=re.MULTILINE)
    return re.sub(r"/\S*(?=/var/)", "FOLDER", replaced).strip()


@pytest.fixture
def folder(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's folder as after `make run`, with a folder `var` of its own."""
    if not Path(sys.prefix, "bin", "activate").exists():
        pytest.skip("not in a virtual environment, which the first steps activate")
    require_program("curl")
    for path in ROOT.iterdir():
        if path.name not in ("var", ".venv", ".git"):
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    put_cluster(tmp_path / "var" / "postgres", tmp_path_factory)
    return tmp_path


def test_the_first_steps_print_what_the_readme_says(folder: Path) -> None:
    commands = steps()
    assert len(commands) >= 5
    run = Run(folder / "var", ROOT / "Procfile", output=folder / "output")
    try:
        wait_until(run.is_ready, "the service is ready")
        token = re.findall(r"Bearer ([\w-]+)", run.text)[0]
        script = "".join(f"echo '{MARK}'\n{command}\n" for command, _ in commands)
        script = script.replace(ADDRESS, f"http://127.0.0.1:{run.port}").replace(TOKEN, token)
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail"], input=script, cwd=folder, env={**os.environ, "PORT": str(run.port)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        run.end()
    assert done.returncode == 0, done.stdout + done.stderr
    printed = [without_chance(output) for output in done.stdout.split(f"{MARK}\n")[1:]]
    assert printed == [without_chance(output) for _, output in commands]
