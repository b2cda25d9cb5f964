"""Look up known vulnerabilities of pinned requirements. See bin/check-dependencies."""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from packaging.utils import canonicalize_name
from packaging.version import Version

PASSED, VULNERABLE, NOT_AUDITED = 0, 1, 77

_PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)
# A release with advisories. If the database does not report it, the database cannot be relied on.
_CANARY: Final = ("urllib3", "1.24.1")

Pin = tuple[str, str]


def main(arguments: list[str] | None = None) -> int:
    """Print every vulnerable requirement, or why nothing was audited; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--advisories", type=Path, help="file of OSV records, as a JSON list")
    parser.add_argument("requirements", type=Path, nargs="+")
    options = parser.parse_args(arguments)
    pins = sorted({pin for file in options.requirements for pin in read_pins(file.read_text(encoding="utf-8"))})
    try:
        found = list(find_in_file(pins, options.advisories) if options.advisories else find_online(pins))
    except NotAuditedError as error:
        print(f"not audited: {error}")
        return NOT_AUDITED
    for (name, version), advisory in found:
        print(f"{name} {version}: {advisory}")
    print(f"{len(pins)} requirements audited, {len({pin for pin, _ in found})} vulnerable")
    return VULNERABLE if found else PASSED


class NotAuditedError(Exception):
    """Nothing could be looked up; the text states why."""


def read_pins(text: str) -> set[Pin]:
    """Return the name and the version of each requirement in a file."""
    return {(canonicalize_name(name), version) for name, version in _PINNED.findall(text)}


def find_in_file(pins: Iterable[Pin], file: Path) -> Iterator[tuple[Pin, str]]:
    """Yield each vulnerable pin with the identifier of an advisory. Raises NotAuditedError if the file has none."""
    try:
        advisories = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NotAuditedError(f"{file} cannot be read: {error}") from None
    if not advisories:
        raise NotAuditedError(f"{file} holds no advisory")
    for name, version in pins:
        for advisory in advisories:
            if any(_affects(affected, name, Version(version)) for affected in advisory.get("affected", [])):
                yield (name, version), advisory["id"]


def _affects(affected: dict[str, Any], name: str, version: Version) -> bool:
    package = affected["package"]
    if package["ecosystem"] != "PyPI" or canonicalize_name(package["name"]) != name:
        return False
    listed = any(Version(each) == version for each in affected.get("versions", []))
    ranges = (each["events"] for each in affected.get("ranges", []) if each["type"] == "ECOSYSTEM")
    return listed or any(_is_within(events, version) for events in ranges)


def _is_within(events: list[dict[str, str]], version: Version) -> bool:
    """Return whether the last event at or before a version introduces the vulnerability."""
    is_affected = False
    for event in events:  # in the order of versions
        ((kind, value),) = event.items()
        moment = Version("0.dev0" if value == "0" else value)
        if kind == "introduced" and version >= moment:
            is_affected = True
        elif (kind == "fixed" and version >= moment) or (kind == "last_affected" and version > moment):
            is_affected = False
    return is_affected


def find_online(pins: Iterable[Pin]) -> Iterator[tuple[Pin, str]]:
    """Yield each vulnerable pin with the identifier of an advisory, from PyPI. Raises NotAuditedError."""
    for batch in _without_duplicates({*pins, _CANARY}):
        yield from judge(batch, _ask(batch))


def _without_duplicates(pins: Iterable[Pin]) -> list[list[Pin]]:
    """Return the pins in batches in which no package occurs twice, as pip-audit requires."""
    batches: list[dict[str, str]] = []
    for name, version in sorted(pins):
        batch = next((each for each in batches if name not in each), None)
        if batch is None:
            batches.append(batch := {})
        batch[name] = version
    return [list(batch.items()) for batch in batches]


def _ask(pins: Iterable[Pin]) -> list[dict[str, Any]]:
    """Return what pip-audit reports about each pin. Raises NotAuditedError if it fails."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("".join(f"{name}=={version}\n" for name, version in pins))
        file.flush()
        command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--progress-spinner", "off"]
        done = subprocess.run([*command, "--format", "json", "-r", file.name], capture_output=True, text=True)  # noqa: S603
    try:
        dependencies: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except ValueError:
        raise NotAuditedError((done.stderr.strip().splitlines() or ["pip-audit failed"])[-1]) from None
    return dependencies


def judge(pins: Iterable[Pin], report: list[dict[str, Any]]) -> Iterator[tuple[Pin, str]]:
    """Yield the advisories of pins in pip-audit's report. Raises NotAuditedError if it lacks one of them."""
    reported = {canonicalize_name(each["name"]): each for each in report}
    for name, version in pins:
        about = reported.get(canonicalize_name(name), {"skip_reason": "missing from the report"})
        if "skip_reason" in about:
            raise NotAuditedError(f"{name} {version}: {about['skip_reason']}")
        if (name, version) == _CANARY:
            if not about["vulns"]:
                raise NotAuditedError(f"the database reports no advisory for {name} {version}, which has several")
            continue
        yield from (((name, version), advisory["id"]) for advisory in about["vulns"])


if __name__ == "__main__":
    sys.exit(main())
