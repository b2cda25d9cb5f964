"""Compiled URL rules, shared by the applications of a test process: each test has an application of its own."""

from collections.abc import Callable
from typing import Any

from app.web.routing import AnyMethodRule

_Builder = Callable[..., tuple[str, str]]
_compiled: dict[tuple[Any, ...], _Builder] = {}


class CompiledRule(AnyMethodRule):
    """A rule whose functions that build addresses are compiled once for all equal rules.

    They take the rule as an argument, and depend on nothing but the parts of its address. A rule with default values
    compiles its own, because those are built in.
    """

    def _compile_builder(self, append_unknown: bool = True) -> _Builder:
        if self.defaults:
            return super()._compile_builder(append_unknown)
        key = (self.rule, tuple(self._trace), append_unknown)
        if key not in _compiled:
            _compiled[key] = super()._compile_builder(append_unknown)
        return _compiled[key]
