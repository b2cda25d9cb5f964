"""The contract is whole: every rule, defect and trap of the protocol is named by a test in `tests/contract`.

The protocol's sections A to O and Q must be covered; P, the operator's side, may be.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

CONTRACT = Path(__file__).parents[1] / "contract"

LAST_REQUIRED_RULE, LAST_RULE = 105, 110
# Sections without numbers of their own: A is the schema, Q the table of windows, of which each row has a test.
SECTIONS = {"A", "Q"}
WINDOWS = 10

REQUIRED = (
    set(range(1, LAST_REQUIRED_RULE + 1))
    | SECTIONS
    | {f"D{number}" for number in range(1, 26)}
    | {f"T{number}" for number in range(1, 11)}
)
KNOWN = REQUIRED | set(range(1, LAST_RULE + 1))


def _tests() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield every test of the contract with the name of its file, without importing anything."""
    for path in sorted(CONTRACT.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield path.name, node


def _marks(test: ast.FunctionDef) -> list[int | str]:
    """Return the identifiers that stand in the test's `@pytest.mark.rule(…)`."""
    return [
        ast.literal_eval(argument)
        for decorator in test.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.rule"
        for argument in decorator.args
    ]


MARKED = {mark for _, test in _tests() for mark in _marks(test)}


def test_every_rule_defect_and_trap_has_a_test() -> None:
    assert sorted(map(str, REQUIRED - MARKED)) == []


def test_every_mark_is_a_rule_of_the_protocol() -> None:
    assert sorted(map(str, MARKED - KNOWN)) == []


def test_every_test_of_the_contract_says_what_it_pins() -> None:
    assert [f"{file}::{test.name}" for file, test in _tests() if not _marks(test)] == []


def test_every_window_has_a_test() -> None:
    rules = {mark for _, test in _tests() if "Q" in _marks(test) for mark in _marks(test)} - {"Q"}
    assert len(rules) >= WINDOWS
