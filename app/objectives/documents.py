"""Documents of a YAML file, read field by field: each problem names the document, the field and what to do."""

import functools
import re
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final, TypeVar

import yaml

from app.domain.errors import ConfigurationError

T = TypeVar("T")

_UNITS: Final = {"m": 1, "h": 60, "d": 24 * 60, "w": 7 * 24 * 60}


class Fields:
    """The fields of a mapping. `document` names the document and `path` the mapping in it, for messages."""

    def __init__(self, document: str, values: Any, path: str = "") -> None:
        if not isinstance(values, Mapping):
            raise ConfigurationError(f"{document}: {path or 'the document'} must have fields")
        self._document = document
        self._path = path
        self._values = values
        self._read: set[str] = set()
        self._children: list[Fields] = []

    def get(self, name: str) -> Any:
        """Return the value of an optional field, or None."""
        self._read.add(name)
        return self._values.get(name)

    def read(self, name: str, parse: Callable[[Any], T]) -> T:
        """Return a required field; raise ConfigurationError if it is missing, or `parse` raises ValueError."""
        value = self.get(name)
        if value is None:
            raise self.error(name, "is missing")
        try:
            return parse(value)
        except ValueError as error:
            raise self.error(name, str(error)) from None

    def fields(self, name: str) -> "Fields":
        """Return a required field that has fields."""
        return self._child(self.read(name, lambda value: value), name)

    def each(self, name: str) -> "list[Fields]":
        """Return the fields of each item of a required list."""
        return [self._child(item, f"{name}[{number}]") for number, item in enumerate(self.read(name, parse_list))]

    def only(self, name: str) -> "Fields":
        """Return the fields of the single item of a required list."""
        items = self.each(name)
        if len(items) != 1:
            raise self.error(name, "must have exactly one item")
        return items[0]

    def finish(self) -> None:
        """Raise ConfigurationError for a field, here or below, that was not read: it would have no effect."""
        for name in self._values:
            if name not in self._read:
                raise self.error(str(name), f"is unknown; known here: {', '.join(sorted(self._read))}")
        for child in self._children:
            child.finish()

    def error(self, name: str, problem: str) -> ConfigurationError:
        """Return an error of a field."""
        return ConfigurationError(f"{self._document}: {self._below(name)} {problem}")

    def _below(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def _child(self, values: Any, name: str) -> "Fields":
        child = Fields(self._document, values, self._below(name))
        self._children.append(child)
        return child


def parse_text(value: Any) -> str:
    """Return a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text")
    return value.strip()


def parse_list(value: Any) -> list[Any]:
    """Return a list."""
    if not isinstance(value, list):
        raise ValueError("must be a list, each item with `-`")
    return value


def parse_number(value: Any) -> float:
    """Return a number as it is written; `true` is not one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number, without quotation marks")
    return value


def one_of(*permitted: Any) -> Callable[[Any], Any]:
    """Return a parser that accepts only these values."""

    def parse(value: Any) -> Any:
        if not any(type(value) is type(each) and value == each for each in permitted):
            raise ValueError(f"must be {' or '.join(_spell(each) for each in permitted)}")
        return value

    return parse


def _spell(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def parse_minutes(value: Any) -> int:
    """Return a duration such as 5m, 6h, 28d or 4w in minutes."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([mhdw])", value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("must be a duration such as 5m, 6h, 28d or 4w")
    return int(found[1]) * _UNITS[found[2]]


class _Loader(yaml.SafeLoader):
    """The safe loader, which also refuses a key that is given twice; PyYAML would take the last."""


def _construct_mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    for number, key in enumerate(keys):
        if key in keys[:number]:
            mark = node.value[number][0].start_mark
            raise yaml.constructor.ConstructorError(None, None, f"`{key}` is given twice", mark)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _construct_mapping)


@functools.lru_cache(maxsize=1)  # several jobs of a minute read the same file, which takes 25 ms
def read_documents(text: str) -> tuple[Any, ...]:
    """Return the documents of a YAML text; raise ConfigurationError with the line of an error.

    Those of the last text are kept, so they must not be changed.
    """
    try:
        return tuple(document for document in yaml.load_all(text, Loader=_Loader) if document is not None)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ConfigurationError(f"line {line}: not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"not YAML: {error}") from None
