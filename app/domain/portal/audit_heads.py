"""The newest entry of the audit log, which can be noted elsewhere to prove later that nothing was cut off."""

from dataclasses import dataclass
from typing import Final

FIRST_MAC: Final = bytes(32)  # in place of the hash of an entry before the first one


@dataclass(frozen=True)
class Head:
    """The newest entry: its number and its keyed hash. An empty log has the number 0."""

    number: int
    mac: bytes


EMPTY: Final = Head(0, FIRST_MAC)
