"""Frozen dataclasses as JSON and back, by their annotations, and the JSON Schema of that.

Moments are written in UTC as `2026-11-20T18:45:00Z`. Fields that are not known are ignored, so that a new field needs
no new version; a field that is missing must have a default.
"""

import dataclasses
import functools
import types
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from app.domain.errors import UnreadableDocumentError

T = TypeVar("T")
_SIMPLE = {int: "integer", float: "number", str: "string", bool: "boolean"}


def encode(value: Any) -> Any:
    """Return a value as JSON's types."""
    if dataclasses.is_dataclass(value):
        return {each.name: encode(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): encode(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [encode(each) for each in value]
    return value


def decode(kind: type[T], value: Any, name: str = "document") -> T:
    """Return a value of a type from JSON's types; raise UnreadableDocumentError, which names the field."""
    try:
        return cast("T", _decode(kind, value, name))
    except (ValueError, OverflowError):
        raise UnreadableDocumentError(f"{name}: not the expected form") from None


def _decode(kind: Any, value: Any, name: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):  # of a type and None
        return (
            None if value is None else _decode(next(each for each in arguments if each is not type(None)), value, name)
        )
    if dataclasses.is_dataclass(kind) and isinstance(value, dict):
        hints = _hints(cast("Any", kind))
        return _construct(
            kind, {key: _decode(hints[key], value[key], f"{name}.{key}") for key in hints if key in value}, name
        )
    if origin is tuple and isinstance(value, list):
        return tuple(_decode(arguments[0], each, name) for each in value)
    if origin is Mapping and isinstance(value, dict):
        return {key: _decode(arguments[1], each, f"{name}.{key}") for key, each in value.items()}
    if isinstance(value, str):
        return _decode_text(kind, value, name)
    if kind is float and type(value) is int:
        return float(value)
    if kind in _SIMPLE and type(value) is kind:
        return value
    raise UnreadableDocumentError(f"{name}: not the expected form")


def _decode_text(kind: Any, text: str, name: str) -> Any:
    if kind is str:
        return text
    if kind is datetime:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    elif kind is date:
        return date.fromisoformat(text)
    elif isinstance(kind, type) and issubclass(kind, Enum):
        return kind(text)
    raise UnreadableDocumentError(f"{name}: not the expected form")


def _construct(kind: Any, fields: dict[str, Any], name: str) -> Any:
    try:
        return kind(**fields)
    except TypeError:
        raise UnreadableDocumentError(f"{name}: a field is missing") from None


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def schema(kind: Any) -> dict[str, Any]:
    """Return the JSON Schema of a type. Fields may be added, so an object may have others."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return {"anyOf": [schema(each) for each in arguments]}
    if kind is type(None):
        return {"type": "null"}
    if dataclasses.is_dataclass(kind):
        hints = _hints(cast("Any", kind))
        return {
            "type": "object",
            "required": list(hints),
            "properties": {key: schema(each) for key, each in hints.items()},
        }
    if origin is tuple:
        return {"type": "array", "items": schema(arguments[0])}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": schema(arguments[1])}
    if issubclass(kind, Enum):
        return {"type": "string", "enum": [each.value for each in kind]}
    if kind in (datetime, date):
        return {"type": "string", "format": "date-time" if kind is datetime else "date"}
    return {"type": _SIMPLE[kind]}
