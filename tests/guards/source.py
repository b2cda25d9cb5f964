"""The project's source as guards read it: modules, their imports, their functions."""

import ast
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("app", "worker", "local", "processes", "clients", "bench", "review_apps")


@dataclass(frozen=True)
class Module:
    """A Python file of the project."""

    path: Path

    @property
    def name(self) -> str:
        """Its dotted name."""
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def text(self) -> str:
        """Its source."""
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax."""
        return ast.parse(self.text)

    @cached_property
    def imports(self) -> set[str]:
        """The dotted names that it imports, wherever in the file."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        return found

    @cached_property
    def functions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Its functions and methods."""
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def modules(*packages: str) -> list[Module]:
    """Return the modules below some packages, generated ones left out."""
    paths = (path for package in packages for path in sorted((ROOT / package.replace(".", "/")).rglob("*.py")))
    return [_module(path) for path in paths if not path.name.endswith("_pb2.py")]


_module = cache(Module)  # each file is parsed once, however many guards look at it
