"""A client that borrowed the server's code would share its errors."""

import ast
from pathlib import Path

CLIENTS = Path(__file__).parents[2] / "clients"
SERVER = {"app", "worker", "local", "processes"}


def imported(path: Path) -> set[str]:
    """Return the top-level packages that a module imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_no_client_imports_anything_of_the_server():
    modules = [path for path in CLIENTS.rglob("*.py") if "node_modules" not in path.parts]

    assert len(modules) > 10
    assert {str(path): imported(path) & SERVER for path in modules if imported(path) & SERVER} == {}
