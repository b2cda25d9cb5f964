"""Calls that begin at the same moment, each in a thread of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

A = TypeVar("A")
T = TypeVar("T")
_SECONDS = 60


def at_once(function: Callable[[A], T], arguments: Sequence[A]) -> list[T]:
    """Call a function with each argument at the same moment, and return the results in order."""
    barrier = Barrier(len(arguments))

    def call(argument: A) -> T:
        barrier.wait(_SECONDS)
        return function(argument)

    with ThreadPoolExecutor(len(arguments)) as threads:
        return list(threads.map(call, arguments))
