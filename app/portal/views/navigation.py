"""The entries of the navigation: only what the person may use."""

from dataclasses import dataclass
from typing import Final

from app.domain.portal.people import Person
from app.domain.portal.rights import Right


@dataclass(frozen=True)
class Entry:
    """A link: the key of its text is `navigation.` and its name."""

    name: str
    path: str
    right: Right


ENTRIES: Final = (
    Entry("issue", "/", Right.ISSUE),
    Entry("codes", "/codes", Right.ISSUE),
    Entry("outbreaks", "/places", Right.OUTBREAKS),
    Entry("people", "/people", Right.SEE_PEOPLE),
    Entry("tokens", "/tokens", Right.TOKENS),
    Entry("statistics", "/statistics", Right.STATISTICS),
    Entry("announcements", "/announcements", Right.EVERYWHERE),
    Entry("incidents", "/incidents", Right.INCIDENTS),
    Entry("audit", "/audit", Right.AUDIT),
)


def entries(person: Person | None) -> list[Entry]:
    """Return the entries for a person; none for a visitor."""
    return [each for each in ENTRIES if person is not None and person.may(each.right)]
