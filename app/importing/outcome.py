"""The result of importing a table."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """How many rows were read, new, updated, unchanged and refused; `reasons` explains refusals.

    `unchanged` are rows that are here already, are further on here, or have expired. `deleted` are rows that an earlier
    import brought and that have expired since.
    """

    read: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def refused(self) -> int:
        """How many rows were refused."""
        return self.reasons.total()

    def refuse(self, reason: str, rows: int = 1) -> None:
        """Count rows that cannot be stored here."""
        if rows:
            self.reasons[reason] += rows
