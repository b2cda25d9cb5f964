"""A version of an app on disk: a checkout of its commit, its virtual environment, and the files that it builds."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from processes.one_off import run_once
from review_apps import repository
from review_apps.dependencies import Dependencies
from review_apps.errors import ReviewAppError
from review_apps.locked import definition_of, is_locked
from review_apps.manifest import Manifest

_HOOKS: Final = ("bin/pre_compile", "bin/post_compile")
_ERROR_LINES: Final = 15
_NODE_SCRIPTS: Final = ("heroku-postbuild", "build")


@dataclass(frozen=True)
class Version:
    """A version in its folder."""

    folder: Path

    @property
    def source(self) -> Path:
        """The folder of the checked-out commit."""
        return self.folder / "source"

    @property
    def definition(self) -> Path:
        """The folder of the files by which it is built and run; a locked app cannot change them."""
        return definition_of(self.folder) if is_locked(self.folder) else self.source

    @property
    def programs(self) -> Path:
        """The folder of the programs in its environment."""
        return self.folder / "venv" / "bin"


@dataclass(frozen=True)
class Build:
    """What the steps of a build need: variables, the time that each may take, and where its output goes."""

    version: Version
    environment: Mapping[str, str]
    seconds: float
    log: Callable[[str], object]
    prefix: list[str]  # of every step that runs code of the app
    locked: bool = False

    def run(self, *argv: str, failure: str) -> None:
        """Run a step. Raises ReviewAppError."""
        code, lines = self._run(*argv)
        if code != 0:
            last = "\n".join(lines[-_ERROR_LINES:])
            raise ReviewAppError(f"{failure}:\n{last}")

    def succeeds(self, *argv: str) -> bool:
        """Run a step that may fail, and whose output is then of no interest; return whether it succeeded."""
        return replace(self, log=lambda _: None)._run(*argv)[0] == 0

    def _run(self, *argv: str) -> tuple[int, list[str]]:
        lines: list[str] = []

        def keep(line: str) -> None:
            lines.append(line)
            self.log(line)

        return run_once([*self.prefix, *argv], self.version.source, self.environment, self.seconds, keep), lines


def build(step: Build, manifest: Manifest, *, testing: bool = False) -> None:
    """Install what a version needs and run what a buildpack runs. Raises ReviewAppError."""
    before, after = _HOOKS
    _run_hook(step, before)
    if not step.locked:  # npm would need the network, and runs scripts of packages
        _build_assets(step, manifest)
    version = step.version
    Dependencies(version.definition, version.programs.parent, step.log, step.locked).install(testing=testing)
    python = version.programs / "python"
    if step.locked and not step.succeeds(str(python), "-c", ""):
        raise ReviewAppError(
            f"the user of a locked app cannot run {python.resolve()}: install that Python for every user"
        )
    _collect_static_files(step)
    _run_hook(step, after)


def remove(clone: Path, version: Version) -> None:
    """Remove the files of a version. Idempotent."""
    if not is_locked(version.folder):
        repository.remove_worktree(version.source)
    shutil.rmtree(version.folder, ignore_errors=True)
    if clone.is_dir():
        repository.prune_worktrees(clone)


def _run_hook(step: Build, hook: str) -> None:
    if (step.version.source / hook).exists():
        step.run("bash", hook, failure=f"{hook} failed")


def _build_assets(step: Build, manifest: Manifest) -> None:
    """Install the packages of package.json and run its build script, where there is one and node exists."""
    package = step.version.source / "package.json"
    wanted = any("nodejs" in each for each in manifest.buildpacks) or not manifest.buildpacks
    if not package.exists() or not wanted:
        return
    try:
        scripts = json.loads(package.read_text(encoding="utf-8")).get("scripts") or {}
    except (ValueError, AttributeError) as error:
        raise ReviewAppError(f"package.json cannot be read: {error}") from None
    script = next((name for name in _NODE_SCRIPTS if name in scripts), None)
    if script is None and not manifest.buildpacks:
        return
    if shutil.which("npm", path=step.environment.get("PATH", os.defpath)) is None:
        step.log("package.json is not built: this host has no npm")
        return
    locked = (step.version.source / "package-lock.json").exists()
    step.run("npm", "ci" if locked else "install", "--no-audit", "--no-fund", failure="npm cannot install the packages")
    if script:
        step.run("npm", "run", script, failure=f"npm run {script} failed")


def _collect_static_files(step: Build) -> None:
    """Collect the static files of Django, as Heroku's buildpack does, unless DISABLE_COLLECTSTATIC is set."""
    source, python = step.version.source, str(step.version.programs / "python")
    manage = next((path for pattern in ("manage.py", "*/manage.py") for path in sorted(source.glob(pattern))), None)
    if manage is None or step.environment.get("DISABLE_COLLECTSTATIC", "0") not in ("", "0"):
        return
    if step.succeeds(python, str(manage), "help", "collectstatic"):
        step.run(
            python, str(manage), "collectstatic", "--noinput", failure="collectstatic failed (DISABLE_COLLECTSTATIC=1)"
        )
