"""The project's source for guards: modules, their imports and functions."""

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("app", "worker", "local", "clients", "bench", "review_apps", "processes", "deploy")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A Python file of the project."""

    path: Path

    @property
    def name(self) -> str:
        """The dotted name."""
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def text(self) -> str:
        """The source text."""
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text)

    @cached_property
    def imports(self) -> set[str]:
        """The imported dotted names, anywhere in the file."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        return found

    @cached_property
    def functions(self) -> list[Function]:
        """The functions and methods, including nested ones."""
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    @cached_property
    def public_functions(self) -> list[Function]:
        """The public functions, and the public methods of public classes."""
        found = [node for node in self.tree.body if isinstance(node, Function)]
        for node in self.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found += [each for each in node.body if isinstance(each, Function)]
        return [node for node in found if not node.name.startswith("_")]

    def imported_from(self, *packages: str) -> set[str]:
        """Return the names imported from some packages."""
        return {name for name in self.imports if any(name == p or name.startswith(f"{p}.") for p in packages)}


def modules(*packages: str) -> list[Module]:
    """Return the modules of some packages, without generated ones."""
    paths = (path for package in packages for path in sorted((ROOT / package.replace(".", "/")).rglob("*.py")))
    return [_module(path) for path in paths if not path.name.endswith("_pb2.py")]


def offenders(found: Iterable[Module], offences: Callable[[Module], Iterable[object]]) -> list[str]:
    """Return a line for each module with an offence: its path, and what is wrong with it."""
    lines = []
    for module in found:
        listed = [str(each) for each in offences(module)]
        if listed:
            lines.append(f"{module.path.relative_to(ROOT)}: {', '.join(sorted(listed))}")
    return lines


_module = cache(Module)  # parse each file only once
