"""What an observer of the archives can tell about padding (app/domain/padding.py).

The observer downloads today's archive after each release, and computes which keys are new. It is told which of them are
real on the first days, learns from that, and guesses for the next days. Random numbers have a seed, so that each run of
these tests has the same result.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from statistics import fmean

import pytest

from app.proto import covidshield_pb2 as wire
from app.upkeep.padding import pad_batch
from tests.support.answers import UPLOADED, seen
from tests.support.archive import archive_in
from tests.support.service import Service, exposure_key
from tests.support.torture import only_in_torture

MINIMUM = 10
WARM_UP_UPLOADS = 60
HOURS = 72
UPLOADS_OF_AN_HOUR = (0, 0, 1, 1, 2, 4)


@dataclass(frozen=True)
class Seen:
    """A key as the observer sees it, when it appeared, and whether it belongs to a real person: which one, or None."""

    hour: int
    age: int
    shape: tuple[int, ...]
    person: int | None


def usual_patient(random: Random, day: int) -> list[wire.TemporaryExposureKey]:
    """Return the keys of a user of the public app: one level, no report type, the newest key is yesterday's."""
    (size,) = random.choices((2, 5, 6, 8, 11, 14), (10, 20, 20, 20, 10, 20))
    return [
        exposure_key(random.getrandbits(128), rolling_start_interval_number=(day - age) * 144)
        for age in range(1, size + 1)
    ]


def detailed_patient(random: Random, day: int) -> list[wire.TemporaryExposureKey]:
    """Return the keys of a user of an app that also sends the current day, the report type and days since onset."""
    onset, report_type, newest = random.randint(2, 7), random.choice((1, 1, 2)), random.choice((0, 0, 1))
    return [
        exposure_key(
            random.getrandbits(128),
            rolling_start_interval_number=(day - age) * 144,
            transmission_risk_level=max(1, 8 - abs(onset - age)),
            report_type=report_type,
            days_since_onset_of_symptoms=onset - age,
        )
        for age in range(newest, onset + 3)
    ]


Patient = Callable[[Random, int], list[wire.TemporaryExposureKey]]


class World:
    """A service that real people upload to, and that pads its batches."""

    def __init__(self, service: Service, patient: Patient, seed: int) -> None:
        self.service, self.patient, self.random = service, patient, Random(seed)
        self.owners: dict[bytes, int] = {}
        self.people = 0
        self.archive: dict[bytes, wire.TemporaryExposureKey] = {}

    def observe(self) -> list[Seen]:
        """Return what the observer sees in all hours after the first uploads."""
        for _ in range(6):
            list(self._hour(WARM_UP_UPLOADS // 6))
        return [key for _ in range(HOURS) for key in self._hour(self.random.choice(UPLOADS_OF_AN_HOUR))]

    def _hour(self, uploads: int) -> Iterator[Seen]:
        """Let an hour pass with so many real uploads; yield the keys that its release adds to today's archive."""
        clock = self.service.clock
        for _ in range(uploads):
            self._upload()
        clock.now = clock.now.replace(minute=57)
        assert pad_batch(self.service.database, self.service.settings.retrieval, clock.now, self.random) > 0
        assert self._download() == self.archive  # nothing shows before the release
        clock.advance(minutes=18)  # a quarter past
        before, self.archive = self.archive, self._download()
        for data in self.archive.keys() - before.keys():
            yield self._seen(self.archive[data])

    def _seen(self, key: wire.TemporaryExposureKey) -> Seen:
        return Seen(
            hour=int(self.service.clock.now.timestamp()) // 3600,
            age=self.service.today - key.rolling_start_interval_number // 144,
            shape=(
                key.rolling_period,
                key.transmission_risk_level,
                key.report_type,
                key.days_since_onset_of_symptoms,
            ),
            person=self.owners.get(key.key_data),
        )

    def _upload(self) -> None:
        keys = self.patient(self.random, self.service.today)
        assert seen(self.service.upload(self.service.pair(), keys)) == UPLOADED
        self.people += 1
        self.owners |= dict.fromkeys((key.key_data for key in keys), self.people)

    def _download(self) -> dict[bytes, wire.TemporaryExposureKey]:
        keys = archive_in(self.service.fetch(self.service.today)).export.keys
        return {key.key_data: key for key in keys}


def batches(keys: Sequence[Seen]) -> list[list[Seen]]:
    """Return the keys by the hour in which they appeared."""
    grouped = defaultdict(list)
    for key in keys:
        grouped[key.hour].append(key)
    return [grouped[hour] for hour in sorted(grouped)]


def features(keys: Sequence[Seen]) -> list[tuple[bool, list[object]]]:
    """Return, for each key, whether it is real, and what may give it away: its fields and its batch."""
    result = []
    for batch in batches(keys):
        ages, shapes = Counter(key.age for key in batch), Counter(key.shape for key in batch)
        for key in batch:
            described = [key.age, *key.shape, (key.age, key.shape), len(batch) // 20, max(ages.values()) // 2]
            described += [ages[key.age] // 2, shapes[key.shape] // 4]
            result.append((key.person is not None, list(enumerate(described))))
    return result


def area_under_curve(scored: Sequence[tuple[bool, float]]) -> float:
    """Return how often a true case has a higher score than a false one; 0.5 is chance."""
    by_score: dict[float, Counter[bool]] = defaultdict(Counter)
    for truth, score in scored:
        by_score[score][truth] += 1
    wins, false_so_far = 0.0, 0
    for score in sorted(by_score):
        wins += by_score[score][True] * (false_so_far + by_score[score][False] / 2)
        false_so_far += by_score[score][False]
    true = sum(truth for truth, _ in scored)
    return wins / (true * false_so_far)


def classify(training: Sequence[Seen], keys: Sequence[Seen]) -> float:
    """Learn from keys with the truth, guess which others are real, and return how good that is: 0.5 is chance."""
    counts: dict[bool, Counter[object]] = {True: Counter(), False: Counter()}
    totals: Counter[bool] = Counter()
    for truth, described in features(training):
        counts[truth].update(described)
        totals[truth] += 1

    def score(described: Sequence[object]) -> float:
        return sum(
            math.log((counts[True][each] + 1) / (totals[True] + 2))
            - math.log((counts[False][each] + 1) / (totals[False] + 2))
            for each in described
        )

    return area_under_curve([(truth, round(score(described), 9)) for truth, described in features(keys)])


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    return make_service(RELEASE_PERIOD_HOURS="1", RELEASE_MINIMUM_UPLOADS=str(MINIMUM), EXPORT_MAX_AGE_SECONDS="0")


def most_of_one_age(batch: Sequence[Seen]) -> int:
    """Return how many people a batch has at the least, as the observer counts them."""
    return max(Counter(key.age for key in batch).values())


def chances_to_link(batch: Sequence[Seen]) -> Iterator[float]:
    """Yield how probably the observer finds, for each real key, the same person's key of the day before."""
    by_age = defaultdict(list)
    for key in batch:
        by_age[key.age].append(key)
    for key in batch:
        candidates = [each for each in by_age[key.age + 1] if each.shape == key.shape]
        if key.person is not None and any(each.person == key.person for each in candidates):
            yield 1 / len(candidates)


@pytest.mark.parametrize("patient", [usual_patient, pytest.param(detailed_patient, marks=only_in_torture)])
def test_an_observer_does_no_better_than_chance(service: Service, patient: Patient) -> None:
    keys = World(service, patient, seed=4).observe()
    half = keys[0].hour + HOURS // 2
    known, unknown = [key for key in keys if key.hour < half], [key for key in keys if key.hour >= half]
    assert min(sum(key.person is not None for key in part) for part in (known, unknown)) > 200

    # Which keys are padding? 0.5 is chance, and 1 is certainty.
    assert classify(known, unknown) < 0.65

    # Does a batch have any real upload? Each seems to have the minimum.
    counted = [(any(key.person is not None for key in batch), most_of_one_age(batch)) for batch in batches(keys)]
    assert 0.3 < area_under_curve(counted) < 0.7
    assert min(number for _, number in counted) >= MINIMUM

    # Which keys belong to one person? Without padding, this is certain for every batch with one upload.
    if patient is usual_patient:
        assert fmean(chance for batch in batches(keys) for chance in chances_to_link(batch)) < 0.2


def test_the_observer_recognises_padding_that_differs_from_real_keys() -> None:
    """Keys that differ in a field, and keys that come one by one instead of in whole uploads."""
    random = Random(5)
    real = [Seen(hour, age, (144, 1, 1, 0), 1) for hour in range(48) for age in range(1, 11)]
    other_level = [replace(key, shape=(144, 2, 1, 0), person=None) for key in real for _ in range(10)]
    single = [Seen(key.hour, random.randint(1, 14), key.shape, None) for key in real for _ in range(10)]
    for padding, least in ((other_level, 0.99), (single, 0.6)):
        known, unknown = ([key for key in real + padding if key.hour % 2 == half] for half in (0, 1))
        assert classify(known, unknown) > least

    assert fmean(chance for batch in batches(real) for chance in chances_to_link(batch)) == 1
