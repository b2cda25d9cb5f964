"""Who should be notified, by the city's own record: no keys, no cryptography, nothing that a phone computes.

The rule is the health authority's: a person who was, on one day, for fifteen minutes or more near people who uploaded
their keys of that day, is notified of that day, if the server still serves those keys when the phone fetches. What is
near and how many minutes are enough is read from the exposure configuration, whose scores must exclude no one.
"""

from collections import defaultdict
from collections.abc import Iterable

from clients.city.world import Meeting

DAYS_SERVED = 13  # before the day of the download; a key from one day earlier is not served any more (protocol rule 80)


class ExpectedNotifications:
    """A record of meetings and uploads, and who must be notified. Days are UTC day numbers."""

    def __init__(self, near_db: int, enough_minutes: int) -> None:
        """Start with an empty record."""
        self._near_db = near_db
        self._enough_minutes = enough_minutes
        self._near: defaultdict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        self._sent: set[tuple[int, int]] = set()
        self._served: set[tuple[int, int]] = set()
        self._minutes: defaultdict[tuple[int, int], int] = defaultdict(int)
        self.notified: defaultdict[int, set[int]] = defaultdict(set)

    def met(self, date: int, meetings: Iterable[Meeting]) -> None:
        """Record the meetings of a day; those at a distance never count."""
        for meeting in meetings:
            if meeting.attenuation <= self._near_db:
                self._near[meeting.one, date].append((meeting.other, meeting.minutes))
                self._near[meeting.other, date].append((meeting.one, meeting.minutes))

    def sent(self, person: int, dates: Iterable[int]) -> None:
        """Record that the server accepted a person's keys of some days."""
        self._sent.update((person, date) for date in dates)

    def fetched(self, today: int) -> None:
        """Record that every phone has fetched, on this day, all that is served."""
        for patient, date in self._sent - self._served:
            if date < today - DAYS_SERVED:
                continue
            self._served.add((patient, date))
            for contact, minutes in self._near[patient, date]:
                self._minutes[contact, date] += minutes
                if self._minutes[contact, date] >= self._enough_minutes:
                    self.notified[contact].add(date)
