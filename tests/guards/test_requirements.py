"""The requirement files name every package that is installed, in the very form in which others ask for it."""

import re
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.guards.source import ROOT

COMPILED = ("requirements.txt", "requirements-dev.txt")


def locked(*names: str) -> dict[str, Requirement]:
    """Return the requirements of some files that hold on this machine, by their packages."""
    lines = [line.rstrip("\\") for name in names for line in (ROOT / name).read_text().splitlines()]
    found = [Requirement(line) for line in lines if line[:1].isalnum()]
    return {canonicalize_name(each.name): each for each in found if each.marker is None or each.marker.evaluate()}


def needed_by(requirement: Requirement) -> list[Requirement]:
    """Return what an installed package asks for, given the extras with which it was asked for."""
    asked = [Requirement(line) for line in distribution(requirement.name).requires or []]
    extras = sorted(requirement.extras) or [""]
    return [
        each for each in asked if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras)
    ]


@pytest.mark.parametrize("package", sorted(locked(*COMPILED)))
def test_requirements_include_every_dependency_with_its_extras(package: str) -> None:
    listed = locked(*COMPILED)
    for needed in needed_by(listed[package]):
        assert needed.extras <= listed[canonicalize_name(needed.name)].extras, needed


def test_every_requirement_file_is_compiled_by_bin_requirements() -> None:
    lists = {path.stem for path in Path(ROOT).glob("requirements*.in")}
    (loop,) = [line for line in (ROOT / "bin/requirements").read_text().splitlines() if line.startswith("for list in")]
    suffixes = loop.partition("{")[2].partition("}")[0].split(",")
    assert {f"requirements{suffix}" for suffix in suffixes} == lists
    assert all((ROOT / f"{name}.txt").exists() for name in lists)


@pytest.mark.parametrize("path", sorted(ROOT.glob("requirements*.txt")), ids=lambda path: path.name)
def test_requirements_are_pinned_to_versions_and_hashes(path: Path) -> None:
    lines = path.read_text().replace("\\\n", " ").splitlines()
    requirements = [line.partition(" --hash=") for line in lines if line.strip() and not line.lstrip().startswith("#")]
    assert requirements
    for requirement, _, hashes in requirements:
        assert re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==[^\s;]+( ;.*)?", requirement.strip()), requirement
        assert re.fullmatch(r"sha256:[0-9a-f]{64}(\s+--hash=sha256:[0-9a-f]{64})*", hashes.strip()), requirement


def test_installation_requires_hashes() -> None:
    (pip,) = [line for line in (ROOT / "bin/install").read_text().splitlines() if "-m pip install" in line]
    assert " --require-hashes " in pip
