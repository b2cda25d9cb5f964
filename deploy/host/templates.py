"""Templates: text in which `${NAME}` is replaced. nginx's image replaces the same form from its environment."""

import re
from collections.abc import Mapping
from pathlib import Path

SOURCE = Path(__file__).parents[2]  # the release that this module belongs to
TEMPLATES = Path(__file__).parent / "templates"
_PLACEHOLDER = re.compile(r"\$\{([A-Z_]+)\}")


def render(template: Path, values: Mapping[str, object]) -> str:
    """Return a template's text with its placeholders replaced; raise KeyError for one without a value."""
    return _PLACEHOLDER.sub(lambda match: str(values[match[1]]), template.read_text(encoding="utf-8"))


def placeholders(template: Path) -> set[str]:
    """Return the names that a template needs."""
    return set(_PLACEHOLDER.findall(template.read_text(encoding="utf-8")))
