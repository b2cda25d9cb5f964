"""`bin/install` creates a missing virtual environment and changes no other."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guards.source import ROOT
from tests.support.torture import only_in_torture


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that requires nothing."""
    (tmp_path / "project" / "bin").mkdir(parents=True)
    for name in ("bin/install", "requirements-pip.txt"):
        shutil.copy2(ROOT / name, tmp_path / "project" / name)
    return tmp_path / "project"


def install(project: Path) -> None:
    environment = os.environ | {"PYTHON": sys.executable}
    subprocess.run([project / "bin" / "install"], env=environment, check=True, capture_output=True, timeout=120)


@only_in_torture
def test_the_target_of_a_symlink_is_not_changed(project: Path) -> None:
    elsewhere = project.parent / "elsewhere"
    (elsewhere / "bin").mkdir(parents=True)
    (elsewhere / "bin" / "pip").write_text("somebody else's")
    (project / ".venv").symlink_to(elsewhere)
    install(project)
    assert (elsewhere / "bin" / "pip").read_text() == "somebody else's"
    assert (project / ".venv" / "bin" / "python").exists()
    assert not (project / ".venv").is_symlink()


def test_an_installation_prints_nothing_into_the_output_of_the_script_that_needs_it(project: Path) -> None:
    programs = project / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "pip").write_text(f"#!{project.resolve()}/.venv/bin/python\n")
    (programs / "python").write_text("#!/bin/sh\n")  # which installs nothing
    (programs / "python").chmod(0o755)
    (project / "requirements.txt").touch()
    command = [project / "bin" / "install", "requirements.txt"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == ("", "Installing requirements.txt into .venv\n")


@only_in_torture
def test_the_pinned_pip_installs_into_the_environment_even_if_it_installs_for_the_user_alone(project: Path) -> None:
    (project / "requirements.txt").touch()
    command = [project / "bin" / "install", "requirements.txt"]
    done = subprocess.run(command, env=os.environ | {"PIP_USER": "1"}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert (project / ".venv" / "installed" / "requirements.txt").exists()
    (pin,) = [line.split()[0] for line in (ROOT / "requirements-pip.txt").read_text().splitlines() if "==" in line]
    version = subprocess.check_output([project / ".venv/bin/python", "-m", "pip", "--version"], text=True).split()[1]
    assert f"pip=={version}" == pin


@pytest.mark.parametrize("python", ["/no/such/python", "/bin/false"])
def test_an_unusable_python_is_an_error(project: Path, python: str) -> None:
    environment = os.environ | {"PYTHON": python}
    done = subprocess.run([project / "bin" / "install"], env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == f"PYTHON={python} is not a Python 3.11 or newer.\n"
    assert not (project / ".venv").exists()


@only_in_torture
def test_two_first_runs_make_one_environment(project: Path) -> None:
    slow = project.parent / "slow-python"
    slow.write_text(f'#!/bin/sh\nif [ "$2" = venv ]; then echo >> made; sleep 1; fi\nexec {sys.executable} "$@"\n')
    slow.chmod(0o755)
    environment = os.environ | {"PYTHON": str(slow)}
    runs = [subprocess.Popen([project / "bin" / "install"], env=environment) for _ in range(2)]
    assert [each.wait(120) for each in runs] == [0, 0]
    assert len((project / "made").read_text().splitlines()) == 1


@only_in_torture
def test_a_moved_environment_is_emptied_in_place(project: Path) -> None:
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "pip").write_text("#!/moved/.venv/bin/python")
    (project / ".venv" / "leftover").touch()
    before = (project / ".venv").stat().st_ino
    install(project)
    assert (project / ".venv").stat().st_ino == before
    assert not (project / ".venv" / "leftover").exists()
