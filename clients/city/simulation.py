"""A run of the city: day by day people meet, patients send their keys, and every phone fetches.

The comparison at the end is exact: for every person, the days of which their phone notified them, with the days that
the city's own record requires.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from clients.city.calendar import Calendar
from clients.city.expected import ExpectedNotifications
from clients.city.radio import Radio
from clients.city.result import DayFigures, Options, RequestFigures, Result
from clients.city.shared import SharedIndex, SharedReader
from clients.city.traffic import Traffic, percentile
from clients.city.world import Day, Patient, World
from clients.phone import configuration
from clients.phone.crypto import DAY_INTERVALS
from clients.phone.errors import ClaimRefusedError, PhoneError
from clients.phone.phone import Phone
from clients.phone.settings import Settings
from clients.phone.state import State
from clients.progress import Progress

_CHECK_ATTEMPTS = 3  # a phone that was cut off tries again
_LEAST_GUARD_SECONDS = 5.0

Item = TypeVar("Item")


class Simulation:
    """One run; `run` returns what it found."""

    def __init__(
        self, options: Options, settings: Settings, token: str, calendar: Calendar, progress: Progress
    ) -> None:
        """Build the city and give everybody a phone."""
        self._options = options
        self._calendar = calendar
        self._progress = progress
        self._traffic = Traffic(settings, token)
        self._world = World(options.people, options.seed)
        rule = configuration.parse(self._traffic.server.configuration())
        self._expected = ExpectedNotifications(rule.near_db, rule.minimum_minutes)
        self._phones = [State() for _ in range(options.people)]
        self._read = SharedReader(settings.public_key)
        self._index = SharedIndex()
        self._senders: list[int] = []
        self._longest_step = _LEAST_GUARD_SECONDS
        self._result = Result(options)

    def run(self) -> Result:
        """Let all days pass, and compare."""
        begun = time.monotonic()
        with ThreadPoolExecutor(self._options.threads) as pool:
            for number in range(self._options.days):
                self._live(number, pool)
        result = self._result
        result.seconds = time.monotonic() - begun
        result.fingerprint = self._world.fingerprint
        result.requests = [_figures(kind, values) for kind, values in sorted(self._traffic.milliseconds.items())]
        result.statuses = {f"{kind} {status}": n for (kind, status), n in sorted(self._traffic.statuses.items())}
        self._compare()
        return result

    def _live(self, number: int, pool: ThreadPoolExecutor) -> None:
        """Let one day pass."""
        self._calendar.wait_until_over(number)
        begun = time.monotonic()
        day = self._world.day(number)
        self._meet(self._calendar.date_of(number), day)
        self._each(pool, f"day {number + 1}: codes", day.patients, self._get_key_pair)
        uploads = self._each(pool, f"day {number + 1}: uploads", self._senders, self._upload)
        if self._options.settle:
            self._calendar.sleep(self._options.settle)
        self._fetch(number, pool)
        self._result.days.append(
            DayFigures(
                meetings=len(day.meetings),
                patients=len(day.patients),
                uploads=sum(keys > 0 for keys in uploads),
                keys=sum(uploads),
                notified=sum(bool(phone.notified_days) for phone in self._phones),
                expected=len(self._expected.notified),
                seconds=time.monotonic() - begun,
            )
        )

    def _meet(self, date: int, day: Day) -> None:
        for phone in self._phones:
            phone.key_at(date * DAY_INTERVALS)
        Radio(self._phones, date).carry(self._progress.track("meetings", day.meetings, len(day.meetings)))
        self._expected.met(date, day.meetings)

    def _get_key_pair(self, patient: Patient) -> None:
        """A professional issues a code; most patients enter it, and some mistype it first."""
        code = self._traffic.request_code()
        if not patient.enters_code:
            return
        phone = self._phone(patient.person)
        if patient.mistypes_first:
            self._mistype(phone, code)
        phone.claim(code)
        self._senders.append(patient.person)

    def _mistype(self, phone: Phone, code: str) -> None:
        try:
            phone.claim(("E" if code[0] == "A" else "A") + code[1:])
        except ClaimRefusedError:
            return
        self._result.failures.append("a wrong code was accepted")

    def _upload(self, person: int) -> int:
        """Send what is not sent yet: the days behind on the first time, and then a day a day."""
        state = self._phones[person]
        count = self._phone(person).upload(int(self._calendar.now()))
        self._expected.sent(
            person, [key.start // DAY_INTERVALS for key in state.keys if key.key_data in state.uploaded]
        )
        return count

    def _fetch(self, number: int, pool: ThreadPoolExecutor) -> None:
        """Let every phone fetch, all on one side of midnight."""
        self._calendar.keep_clear_of_midnight(self._longest_step * 1.5)
        begun = time.monotonic()
        today = self._calendar.today()
        self._each(pool, f"day {number + 1}: phones fetch", range(self._options.people), self._check)
        self._expected.fetched(today)
        self._longest_step = max(self._longest_step, time.monotonic() - begun)

    def _check(self, person: int) -> None:
        for attempt in range(_CHECK_ATTEMPTS):
            try:
                self._phone(person).check(int(self._calendar.now()))
            except PhoneError:
                if attempt == _CHECK_ATTEMPTS - 1:
                    raise
                self._calendar.sleep(2.0**attempt)
            else:
                return

    def _phone(self, person: int) -> Phone:
        return Phone(self._phones[person], self._traffic.server, self._read, self._index.find)

    def _each(
        self, pool: ThreadPoolExecutor, step: str, items: Sequence[Item], action: Callable[[Item], int | None]
    ) -> list[int]:
        """Do something for each item, several at a time; a failure is kept as a sentence and does not stop the rest."""

        def guarded(item: Item) -> int:
            try:
                return action(item) or 0
            except PhoneError as error:
                self._result.failures.append(f"{step}: {error}")
                return 0

        return list(self._progress.track(step, pool.map(guarded, items), len(items)))

    def _compare(self) -> None:
        for person, phone in enumerate(self._phones):
            expected = self._expected.notified.get(person, set())
            self._result.missed += [(person, date) for date in sorted(expected - phone.notified_days)]
            self._result.wrong += [(person, date) for date in sorted(phone.notified_days - expected)]


def _figures(kind: str, milliseconds: Sequence[float]) -> RequestFigures:
    ordered = sorted(milliseconds)
    return RequestFigures(
        kind,
        len(ordered),
        percentile(ordered, 0.5),
        percentile(ordered, 0.95),
        percentile(ordered, 0.99),
        ordered[-1],
    )
