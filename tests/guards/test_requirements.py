"""Requirement files list every installed package, pinned and with the extras that other packages need."""

import re
from importlib.metadata import distribution
from pathlib import Path

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


def test_requirements_include_every_dependency_with_its_extras() -> None:
    listed = locked(*COMPILED)
    missing = [
        f"{requirement.name} needs {needed}"
        for requirement in listed.values()
        for needed in needed_by(requirement)
        if (found := listed.get(canonicalize_name(needed.name))) is None or not needed.extras <= found.extras
    ]
    assert missing == [], "add these requirements with their extras to a requirements*.in, and run make requirements"


def test_lists_that_are_installed_together_have_the_same_versions() -> None:
    """pip refuses two versions of a package in one command, as in the first start of a dev container."""
    texts = [path.read_text() for path in (ROOT / ".devcontainer" / "devcontainer.json", *(ROOT / "bin").glob("[!_]*"))]
    together = {names for text in texts for names in re.findall(r"bin/install((?: requirements[\w-]*\.txt){2,})", text)}
    assert " requirements.txt requirements-dev.txt requirements-local.txt" in together
    for names in together:
        pins = {(package, str(found.specifier)) for name in names.split() for package, found in locked(name).items()}
        packages = [package for package, _ in pins]
        assert [pin for pin in pins if packages.count(pin[0]) > 1] == [], names


def test_every_requirement_file_is_compiled_by_bin_requirements() -> None:
    lists = {path.stem for path in Path(ROOT).glob("requirements*.in")}
    (loop,) = [line for line in (ROOT / "bin/requirements").read_text().splitlines() if line.startswith("for list in")]
    suffixes = loop.partition("{")[2].partition("}")[0].split(",")
    assert {f"requirements{suffix}" for suffix in suffixes} == lists
    assert all((ROOT / f"{name}.txt").exists() for name in lists)


def test_requirements_are_pinned_to_versions_and_hashes() -> None:
    files = {path.name: requirements_in(path) for path in ROOT.glob("requirements*.txt")}
    assert [name for name, requirements in files.items() if not requirements] == []
    loose = [f"{name}: {line}" for name, requirements in files.items() for line in requirements if not is_pinned(line)]
    assert loose == [], "run make requirements"


def requirements_in(path: Path) -> list[str]:
    lines = path.read_text().replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def is_pinned(line: str) -> bool:
    """Return whether a requirement has a version and the hashes of its files."""
    pinned = r"[\w.-]+(\[[\w,-]+\])?==[^\s;]+( ;.*?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*"
    return re.fullmatch(pinned, line) is not None


def test_loose_requirements_are_detected() -> None:
    digest = "--hash=sha256:" + "0" * 64
    assert is_pinned(f"flask[async]==3.1.0 ; python_version < '3.12' {digest} {digest}")
    assert not any(map(is_pinned, ("flask==3.1.0", f"flask>=3 {digest}", "flask==3.1.0 --hash=sha256:00")))


def test_installation_requires_hashes() -> None:
    (pip,) = [line for line in (ROOT / "bin/install").read_text().splitlines() if "-m pip install" in line]
    assert " --require-hashes " in pip
