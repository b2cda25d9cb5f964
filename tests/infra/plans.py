"""The plans of infra/aws, which Terraform computes without an account (infra/check/terraform.py)."""

import fcntl
import hashlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
AWS = ROOT / "infra" / "aws"
ENVIRONMENTS = ("staging", "production")
_INSTALLED = ROOT / ".venv" / "apart" / "infrastructure" / "installed.txt"


@dataclass(frozen=True)
class Resource:
    """A resource of a plan, with the values that it would have."""

    address: str
    type: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What one root module would make in one environment."""

    resources: list[Resource]

    def of(self, *types: str) -> list[Resource]:
        """Return the resources of these types; fail if there are none, as a test of them would check nothing."""
        found = [each for each in self.resources if each.type in types]
        assert found, f"the plan has no {', '.join(types)}"
        return found

    def at(self, address: str) -> Resource:
        """Return the resource with this address."""
        (found,) = [each for each in self.resources if each.address == address]
        return found


@cache
def plan(environment: str, root: str = "service") -> Plan:
    """Return the plan of a root module in an environment."""
    content = json.loads((_plans() / f"{root}-{environment}.json").read_text(encoding="utf-8"))
    return Plan(list(_resources(content["planned_values"]["root_module"])))


def _resources(module: dict[str, Any]) -> Iterator[Resource]:
    for each in module.get("resources", []):
        yield Resource(each["address"], each["type"], each["values"])
    for child in module.get("child_modules", []):
        yield from _resources(child)


def _plans() -> Path:
    """Return the folder with the plans of the files as they are, which is made once for each content."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "infra").rglob("*")):
        if path.is_file() and path.suffix in {".tf", ".tfvars", ".json", ".js", ".py"}:
            digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    folder = ROOT / "var" / "infrastructure" / digest.hexdigest()[:16]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with Path(folder.parent, "lock").open("w") as lock:  # test processes wait for the first one
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _make_plans(folder)
    return folder


def _make_plans(folder: Path) -> None:
    if not _INSTALLED.exists():
        pytest.skip("bin/check-infrastructure installs Terraform, and runs these tests")
    unfinished = folder.with_suffix(".unfinished")
    unfinished.mkdir(exist_ok=True)
    command = ["bin/install-apart", "infrastructure", "python", "-m", "infra.check.terraform", str(unfinished)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    unfinished.rename(folder)


def documents(resource: Resource) -> list[dict[str, Any]]:
    """Return the policies that a resource has, as IAM reads them."""
    names = ("policy", "assume_role_policy")
    return [json.loads(resource.values[name]) for name in names if resource.values.get(name)]


def statements(resource: Resource) -> Iterator[dict[str, Any]]:
    """Yield the statements of a resource's policies."""
    for document in documents(resource):
        if "Statement" in document:
            yield from document["Statement"]


def listed(value: Any) -> list[Any]:
    """Return the value as a list: IAM permits one text in place of a list of one."""
    return value if isinstance(value, list) else [value]
