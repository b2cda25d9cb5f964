"""Every rule, defect and trap of docs/protocol.md has a test in `tests/contract`.

Section P, start and configuration, may be tested elsewhere. Sections A (messages) and Q (windows) have no rules of
their own and are marked by their letter.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.guards.protocol import OPERATORS_SECTION, protocol

CONTRACT = Path(__file__).parents[1] / "contract"

PROTOCOL = protocol()
SECTIONS_WITHOUT_RULES = {"A", "Q"}
KNOWN = {*PROTOCOL.rules, *PROTOCOL.defects, *PROTOCOL.traps, *SECTIONS_WITHOUT_RULES}
REQUIRED = KNOWN - {rule for rule, section in PROTOCOL.rules.items() if section == OPERATORS_SECTION}


def _tests() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield every contract test with the name of its file, without importing the file."""
    for path in sorted(CONTRACT.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield path.name, node


def _marks(test: ast.FunctionDef) -> list[int | str]:
    """Return the arguments of the test's `@pytest.mark.rule(…)`."""
    return [
        ast.literal_eval(argument)
        for decorator in test.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.rule"
        for argument in decorator.args
    ]


MARKED = {mark for _, test in _tests() for mark in _marks(test)}


def test_rules_defects_and_traps_are_numbered_without_gaps() -> None:
    assert len(PROTOCOL.rules) > 100
    assert list(PROTOCOL.rules) == list(range(1, len(PROTOCOL.rules) + 1))
    assert PROTOCOL.defects == [f"D{number + 1}" for number in range(len(PROTOCOL.defects))]
    assert PROTOCOL.traps == [f"T{number + 1}" for number in range(len(PROTOCOL.traps))]
    assert "".join(PROTOCOL.sections) == "ABCDEFGHIJKLMNOPQRS"


def test_anchors_match_the_numbers_beside_them() -> None:
    numbered = len(PROTOCOL.rules) + len(PROTOCOL.sections) + len(PROTOCOL.defects) + len(PROTOCOL.traps)
    assert PROTOCOL.mislabelled == []
    assert len(set(PROTOCOL.anchors)) == len(PROTOCOL.anchors) == numbered


def test_every_rule_defect_and_trap_has_a_test() -> None:
    assert sorted(map(str, REQUIRED - MARKED)) == []


def test_marks_are_rules_of_the_protocol() -> None:
    assert sorted(map(str, MARKED - KNOWN)) == []


def test_contract_tests_name_their_rules() -> None:
    assert [f"{file}::{test.name}" for file, test in _tests() if not _marks(test)] == []


def test_every_window_has_a_test() -> None:
    rules = {mark for _, test in _tests() if "Q" in _marks(test) for mark in _marks(test)} - {"Q"}
    assert len(rules) >= PROTOCOL.windows >= 10
