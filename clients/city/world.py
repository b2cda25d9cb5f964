"""The people of the city: where they live, work and go, whom they meet there, and who falls ill.

Everything follows from a seed, so a run can be repeated: same people, same meetings, same illnesses. Days are counted
from 0; minutes from the midnight that begins a day. Nothing in here knows of phones, keys or servers.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from random import Random

PEOPLE_PER_PLACE = 25
SHARE_INFECTED_AT_FIRST = 0.02
FEWEST_INFECTED_AT_FIRST = 3
INFECTIOUS_DAYS = range(2, 9)  # after the infection
DAY_OF_THE_TEST = 4  # after the infection
CHANCE_OF_INFECTION = 0.1  # in one meeting that is close
CLOSE_MINUTES, CLOSE_DB = 15, 62  # from so many minutes, at no more than this attenuation
CHANCE_OF_ENTERING_THE_CODE = 0.85
CHANCE_OF_MISTYPING_IT_FIRST = 0.1


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two people near each other: from a minute of the day, for whole minutes, at an attenuation in dB."""

    one: int
    other: int
    start: int
    minutes: int
    attenuation: int

    @property
    def is_close(self) -> bool:
        """Whether the illness can pass."""
        return self.minutes >= CLOSE_MINUTES and self.attenuation <= CLOSE_DB


@dataclass(frozen=True, slots=True)
class Patient:
    """Somebody whose test is positive, and what they do with their one-time code."""

    person: int
    enters_code: bool
    mistypes_first: bool


@dataclass(frozen=True, slots=True)
class Day:
    """What happens on one day."""

    meetings: list[Meeting]
    patients: list[Patient]


@dataclass(frozen=True, slots=True)
class _Habit:
    """How people meet in one kind of place: when, for how long and how near."""

    hours: range
    minutes: tuple[int, int]
    attenuation: tuple[int, int]


_AT_HOME = _Habit(range(18, 22), (10, 70), (35, 65))
_AT_WORK = _Habit(range(9, 16), (3, 50), (45, 80))
_OUT = _Habit(range(16, 18), (1, 30), (50, 80))


class World:
    """A city whose days come out once and in order, because illness follows from the days before."""

    def __init__(self, people: int, seed: int) -> None:
        """Build homes, workplaces and places to go, and infect the first."""
        if people < 2:
            raise ValueError("a city needs at least two people")
        # A plan must be repeatable, which real randomness is not; nothing secret comes from it.
        self._random = Random(seed)  # noqa: S311
        self._people = people
        self._homes = list(self._groups(lambda: self._random.choice((1, 2, 2, 3, 4))))
        self._teams = list(self._groups(lambda: 12))
        self._digest = hashlib.sha256()
        self.isolated: set[int] = set()
        first = self._random.sample(
            range(people), min(people, max(FEWEST_INFECTED_AT_FIRST, round(people * SHARE_INFECTED_AT_FIRST)))
        )
        # The first patients come one by one, on the second to the fifth day.
        self.infected_on = {person: -self._random.randrange(DAY_OF_THE_TEST) for person in first}

    @property
    def fingerprint(self) -> str:
        """A digest of all that has happened: equal for equal seeds, sizes and numbers of days."""
        return self._digest.hexdigest()[:12]

    def day(self, number: int) -> Day:
        """Let a day pass; numbers count up from 0. Who tests positive stays at home from the next day on."""
        meetings = list(self._at_home()) + list(self._out())
        if number % 7 < 5:
            meetings += self._at_work()
        self._infect(meetings, number)
        tested = [person for person, day in self.infected_on.items() if day + DAY_OF_THE_TEST == number]
        patients = [self._patient(person) for person in tested]
        self.isolated.update(tested)
        self._digest.update(repr((number, meetings, patients)).encode())
        return Day(meetings, patients)

    def _groups(self, size: Callable[[], int]) -> Iterator[list[int]]:
        people = self._random.sample(range(self._people), self._people)
        while people:
            count = size()
            yield people[:count]
            people = people[count:]

    def _at_home(self) -> Iterator[Meeting]:
        for home in self._homes:
            for pair in combinations(home, 2):
                yield self._meeting(pair, _AT_HOME)

    def _at_work(self) -> Iterator[Meeting]:
        for team in self._teams:
            present = [person for person in team if person not in self.isolated]
            for pair in combinations(present, 2):
                if self._random.random() < 0.3:
                    yield self._meeting(pair, _AT_WORK)

    def _out(self) -> Iterator[Meeting]:
        """Half of the people go out; at each place, everybody meets the one who comes next."""
        places: list[list[int]] = [[] for _ in range(max(1, self._people // PEOPLE_PER_PLACE))]
        for person in range(self._people):
            if person not in self.isolated and self._random.random() < 0.5:
                self._random.choice(places).append(person)
        for visitors in places:
            self._random.shuffle(visitors)
            for pair in pairwise(visitors):
                yield self._meeting(pair, _OUT)

    def _meeting(self, pair: tuple[int, int], habit: _Habit) -> Meeting:
        start = self._random.choice(habit.hours) * 60 + self._random.randrange(60)
        return Meeting(*pair, start, self._random.randint(*habit.minutes), self._random.randint(*habit.attenuation))

    def _infect(self, meetings: list[Meeting], day: int) -> None:
        ill = {person for person, since in self.infected_on.items() if day - since in INFECTIOUS_DAYS}
        for meeting in meetings:
            if not meeting.is_close or (meeting.one in ill) == (meeting.other in ill):
                continue
            person = meeting.other if meeting.one in ill else meeting.one
            if person not in self.infected_on and self._random.random() < CHANCE_OF_INFECTION:
                self.infected_on[person] = day

    def _patient(self, person: int) -> Patient:
        enters = self._random.random() < CHANCE_OF_ENTERING_THE_CODE
        mistypes = enters and self._random.random() < CHANCE_OF_MISTYPING_IT_FIRST
        return Patient(person, enters, mistypes)
