"""Every action in the audit log has a text in both languages."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from app.web.i18n import load_texts

APP = Path(__file__).parents[4] / "app"
PREFIX = "audit.action."


def recorded_actions() -> Iterator[str]:
    """Yield the constants that services give to the audit log as actions."""
    for path in (*(APP / "portal").rglob("*.py"), *(APP / "incidents").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in ("record", "_record", "report_change"):
                constants = [
                    each for part in node.args[1:3] for each in ast.walk(part) if isinstance(each, ast.Constant)
                ]
                texts = [each.value for each in constants if isinstance(each.value, str)]
                yield from (each for each in texts if re.fullmatch("[a-z]+(-[a-z]+)*", each))


def test_every_action_has_a_text() -> None:
    known = {key.removeprefix(PREFIX) for key in load_texts("portal", "en") if key.startswith(PREFIX)}
    recorded = set(recorded_actions())
    assert {"invite", "record-alert", "issue"} <= recorded, "the search for actions finds those that are known"
    assert recorded - known == set(), f"add texts {PREFIX}…, in both languages"
