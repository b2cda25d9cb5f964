"""The Python packages of a version, from whichever list or lock file its project has.

uv links files from a cache that all apps share, so that this takes a second, not a minute. Lock files of pipenv and
Poetry are read by these programs themselves, in an environment of their own.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from review_apps.errors import ReviewAppError

_ROOT: Final = Path(__file__).resolve().parent.parent
_ERROR_LINES: Final = 15
_PYTHON: Final = re.compile(r"[A-Za-z0-9.+@_-]+")
_LISTS: Final = ("Pipfile.lock", "requirements.txt", "poetry.lock", "uv.lock")  # the first wins
_TEST_REQUIREMENTS: Final = "requirements-test.txt"
_LOCKFILE_TOOLS: Final = "requirements-lockfiles.txt"


@dataclass(frozen=True)
class Dependencies:
    """The packages of the project in `source`, to be installed into the environment `venv`."""

    source: Path
    venv: Path
    log: Callable[[str], object]
    only_wheels: bool = False  # so that nothing of a package is run

    def install(self, *, testing: bool = False) -> None:
        """Make the environment. `testing` adds what only the project's tests need. Raises ReviewAppError."""
        self._make_environment()
        found = [name for name in _LISTS if (self.source / name).exists()]
        if len(found) > 1:
            self.log(f"of {', '.join(found)}, {found[0]} is installed")
        name = found[0] if found else ""
        if name == "uv.lock":
            self._sync(testing=testing)
        elif name == "requirements.txt":
            lists = [self.source / name, *([self.source / _TEST_REQUIREMENTS] if testing else [])]
            self._install(*filter(Path.exists, lists))
        elif name:
            self._install(self._export(name, testing=testing))
        elif (self.source / "pyproject.toml").exists():
            self._install(self.source / "pyproject.toml")

    def _make_environment(self) -> None:
        required = self.source / ".python-version"
        lines = required.read_text(encoding="utf-8").split("\n") if required.exists() else []
        wanted = next((line.strip() for line in lines if line.strip() and not line.startswith("#")), "")
        if _PYTHON.fullmatch(wanted):  # and not the path of a program
            exactly = ["--no-python-downloads", "--python", wanted]
            if _uv("venv", "--clear", *exactly, str(self.venv)).returncode == 0:
                return
            self.log(f"Python {wanted} is not installed: {sys.version.split()[0]} is used instead")
        _check(_uv("venv", "--clear", "--python", sys.executable, str(self.venv)), "no environment can be made")

    def _install(self, *lists: Path) -> None:
        arguments = [argument for path in lists for argument in ("--requirements", str(path))]
        # As pip: with one hash, every package needs one.
        if any("--hash=" in path.read_text(encoding="utf-8") for path in lists):
            arguments.append("--require-hashes")
        self._offline_or_online("pip", "install", "--python", str(self.venv / "bin" / "python"), *arguments)

    def _sync(self, *, testing: bool) -> None:
        groups = [] if testing else ["--no-default-groups"]
        python = str(self.venv / "bin" / "python")
        self._offline_or_online("sync", "--frozen", *groups, "--python", python, "--project", str(self.source))

    def _offline_or_online(self, *arguments: str) -> None:
        """Run uv, first with its cache alone, which takes a tenth of the time."""
        variables = {"UV_PROJECT_ENVIRONMENT": str(self.venv)}
        if self.only_wheels:
            arguments += ("--no-build", "--no-config")
        if _uv(*arguments, "--offline", directory=self.source, **variables).returncode != 0:
            done = _uv(*arguments, directory=self.source, **variables)
            _check(done, "the requirements cannot be installed")

    def _export(self, name: str, *, testing: bool) -> Path:
        """Return a list of requirements that was made of the lock file of pipenv or Poetry."""
        programs = self._lockfile_tools()
        if name == "Pipfile.lock":
            command = [str(programs / "pipenv"), "requirements", "--hash", *(["--dev"] if testing else [])]
        else:
            groups = ["--all-groups"] if testing else []
            command = [str(programs / "poetry"), "export", "--no-interaction", "--no-ansi", *groups]
        done = _run(command, self.source, PIPENV_IGNORE_VIRTUALENVS="1", PIPENV_NOSPIN="1", NO_COLOR="1")
        _check(done, f"{name} cannot be read")
        exported = self.venv.parent / f"requirements-of-{name}.txt"
        exported.write_text(done.stdout, encoding="utf-8")
        return exported

    def _lockfile_tools(self) -> Path:
        """Return the folder of pipenv and Poetry, which are installed when they are first needed."""
        wanted = _ROOT / _LOCKFILE_TOOLS
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "review-apps" / "lockfiles"
        installed = home / _LOCKFILE_TOOLS
        if not installed.exists() or installed.read_bytes() != wanted.read_bytes():
            self.log("installing pipenv and Poetry, which read lock files")
            _check(_uv("venv", "--clear", "--python", sys.executable, str(home)), "no environment can be made")
            python, requirements = str(home / "bin" / "python"), ["--require-hashes", "--requirements", str(wanted)]
            _check(_uv("pip", "install", "--python", python, *requirements), f"{_LOCKFILE_TOOLS} cannot be installed")
            shutil.copy(wanted, installed)
        return home / "bin"


def _uv(*arguments: str, directory: Path = Path("/"), **variables: str) -> "subprocess.CompletedProcess[str]":
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    uv = shutil.which("uv", path=path)
    if uv is None:
        raise ReviewAppError("uv is missing: install requirements-dev.txt")
    certificates = {"UV_SYSTEM_CERTS": "true"}
    if os.environ.get("PIP_CERT"):
        certificates["SSL_CERT_FILE"] = os.environ["PIP_CERT"]
    return _run([uv, arguments[0], "--quiet", *arguments[1:]], directory, **{**certificates, **variables})


def _run(command: list[str], directory: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    return subprocess.run(  # noqa: S603
        command, cwd=directory, env={**environment, **variables}, capture_output=True, text=True, check=False
    )


def _check(done: "subprocess.CompletedProcess[str]", failure: str) -> None:
    if done.returncode != 0:
        output = "\n".join((done.stdout + done.stderr).strip().splitlines()[-_ERROR_LINES:])
        raise ReviewAppError(f"{failure}:\n{output}")
