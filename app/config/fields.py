"""How a setting is declared, and how the settings of one dataclass are read from the environment.

A setting's variable is its field's name in capitals. Every value is stripped of surrounding white space. A value that
holds control characters, or that is enclosed in quotation marks, is refused: it was copied from a file whose syntax
the environment does not have, and would otherwise fail much later. A secret may be a reference: see `references`.
"""

from collections.abc import Callable, Mapping
from dataclasses import Field, field, fields
from typing import Any

from app.config.references import resolve
from app.domain.errors import ConfigurationError, KeyServiceError

_QUOTATION_MARKS = ('"', "'", "`")


def setting(
    parser: Callable[[str], Any],
    description: str,
    default: str | None = None,
    *,
    secret: bool = False,
    platform: str = "",
) -> Any:
    """Declare a setting as a dataclass field.

    `default` is written as in the environment; None means that the variable is required. `platform` is a variable of
    the hosting platform that is read if the setting's own variable is not set.
    """
    return field(
        repr=not secret,  # keeps secrets out of tracebacks and debuggers
        metadata={
            "parser": parser,
            "description": description,
            "default": default,
            "secret": secret,
            "platform": platform,
        },
    )


def declared(settings_class: type[Any]) -> list[Field[Any]]:
    """Return the settings that a dataclass declares or inherits, without its other fields."""
    return [each for each in fields(settings_class) if "parser" in each.metadata]


def read_values(settings_class: type[Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of a settings dataclass by field name; raise ConfigurationError for the first bad one."""
    return {each.name: read_one(each, environment) for each in declared(settings_class)}


def read_one(described: "Field[Any]", environment: Mapping[str, str]) -> Any:
    """Return the value of one setting; raise ConfigurationError if it is missing or malformed."""
    name, about = described.name.upper(), described.metadata
    raw = (environment.get(name, "").strip() or environment.get(about["platform"], "").strip()) or about["default"]
    if raw is None:
        raise ConfigurationError(f"{name}: missing. {about['description']}.")
    try:
        _check_characters(raw)
        if about["secret"]:
            raw = resolve(name, raw)
            _check_characters(raw)
        return about["parser"](raw)
    except (ValueError, KeyServiceError) as error:
        raise ConfigurationError(f"{name}: {error}") from None


def _check_characters(raw: str) -> None:
    if not raw.isprintable():
        raise ValueError("contains a control character, such as a newline")
    if len(raw) > 1 and raw[0] == raw[-1] and raw[0] in _QUOTATION_MARKS:
        raise ValueError("is enclosed in quotation marks; remove them")
