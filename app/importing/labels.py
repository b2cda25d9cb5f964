"""Labels for tokens: the public server stores the token of a code's issuer, this service only its label (D11)."""

from collections import Counter
from collections.abc import Iterable, Mapping


class Labels:
    """The label of each originator of the source, or `unknown_label` for an unknown one."""

    def __init__(self, tokens: Mapping[str, str], unknown_label: str | None) -> None:
        """Use a mapping of tokens to labels."""
        self._labels = {label: label for label in tokens.values()} | dict(tokens)
        self._unknown_label = unknown_label

    def is_known(self, originator: str | None) -> bool:
        """Return whether it is NULL, a known token or a known label, or whether there is a label for all others."""
        return originator is None or originator in self._labels or self._unknown_label is not None

    def label_of(self, originator: str | None) -> str | None:
        """Return the label of a token or a label; NULL, in rows older than the column, stays None.

        Raises KeyError for what is not known: see `describe_unknown`.
        """
        if originator is None:
            return None
        if self._unknown_label is not None:
            return self._labels.get(originator, self._unknown_label)
        return self._labels[originator]

    def describe_unknown(self, table: str, originators: Iterable[tuple[str | None, int]]) -> list[str]:
        """Return a line for each kind of unknown originator of a table, given each with its number of rows."""
        unknown: Counter[str] = Counter()
        for originator, rows in originators:
            if not self.is_known(originator):
                unknown[mask(originator or "")] += rows
        return [f"{table}\t{masked}\t{rows} rows" for masked, rows in sorted(unknown.items())]


def mask(originator: str) -> str:
    """Return what may be shown of a possible token: two characters and its length."""
    return f"{originator[:2]}… ({len(originator)} characters)"
