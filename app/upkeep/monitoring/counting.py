"""The counter of checks, from which objectives of the service itself are measured."""

from typing import Protocol


class CountCheck(Protocol):
    """Counts the result of a check; called once a minute for each check."""

    def __call__(self, check: str, *, good: bool) -> None:
        """Count a result."""


def count_nothing(check: str, *, good: bool) -> None:
    """Count nothing, in a process without instruments."""
