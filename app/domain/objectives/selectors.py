"""Selectors of counters, in the syntax of Prometheus, so that one text serves the service and Prometheus."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

_NAME: Final = r"[a-zA-Z_][a-zA-Z0-9_]*"
# Values need no quotes or backslashes. Without escapes, a value means the same to PromQL, RE2 and Python.
_MATCHER: Final = re.compile(rf'\s*({_NAME})\s*(=~|!~|!=|=)\s*"([^"\\\n]*)"\s*')
_SELECTOR: Final = re.compile(rf"\s*({_NAME})\s*(?:\{{(.*)\}})?\s*", re.DOTALL)


@dataclass(frozen=True)
class Matcher:
    """A condition on a label. An absent label has the value "", as in Prometheus."""

    label: str
    operator: str
    value: str

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self.value if self.operator in ("=~", "!~") else re.escape(self.value))

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether labels meet the condition."""
        found = self._pattern.fullmatch(labels.get(self.label, "")) is not None
        return found is (self.operator in ("=", "=~"))

    def __str__(self) -> str:
        return f'{self.label}{self.operator}"{self.value}"'


@dataclass(frozen=True)
class Selector:
    """The series of one metric whose labels match. `bucket` of a histogram is a metric whose name ends in `_bucket`."""

    metric: str
    matchers: tuple[Matcher, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether the labels of a series of the metric match."""
        return all(matcher.matches(labels) for matcher in self.matchers)

    def __str__(self) -> str:
        return f"{self.metric}{{{','.join(map(str, self.matchers))}}}"

    @classmethod
    def parse(cls, text: str) -> "Selector":
        """Return the selector that a text such as `jobs_total{result="failed"}` describes; raise ValueError."""
        found = _SELECTOR.fullmatch(text)
        if found is None:
            raise ValueError('not a selector such as `jobs_total{result="failed"}`')
        return cls(found[1], tuple(_parse_matchers(found[2] or "")))


def _parse_matchers(text: str) -> list[Matcher]:
    matchers: list[Matcher] = []
    position = 0
    while text[position:].strip():
        if matchers:
            if text[position] != ",":
                raise ValueError("there must be a comma between two labels")
            position += 1
        found = _MATCHER.match(text, position)
        if found is None:
            raise ValueError(f'not a label such as `result="failed"`: {text[position:].strip()!r}')
        matchers.append(_checked(Matcher(found[1], found[2], found[3])))
        position = found.end()
    return matchers


def _checked(matcher: Matcher) -> Matcher:
    try:
        matcher.matches({})
    except re.error as error:
        raise ValueError(f"`{matcher.value}` is not a regular expression: {error}") from None
    return matcher
