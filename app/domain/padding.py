"""Padding: made-up uploads that are released with the real ones of a batch (RELEASE_MINIMUM_UPLOADS).

An archive holds no single padding key: each belongs to the run of consecutive days of a person who does not exist, as a
real upload does, and is held back as a real one is. How many keys an upload has is drawn from real uploads; levels,
report types, onsets and rolling periods are drawn from stored keys. Half of the made-up uploads resemble a key of their
own batch, so that a real upload of a rare kind is not the only one.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from random import Random
from statistics import fmean
from typing import Final, NamedTuple

from app.domain.limits import KEY_DATA_BYTES, MAX_ROLLING_PERIOD, SERVED_DAYS
from app.domain.publication import CLOSING, ReleasePolicy, end_of_hold, publication_hour
from app.domain.timeline import (
    HOURS_PER_DAY,
    INTERVALS_PER_DAY,
    SECONDS_PER_HOUR,
    SECONDS_PER_INTERVAL,
    day_number,
    start_of_hour,
)
from app.domain.uploads import DiagnosisKey, plausible_onset

# With fewer real uploads than this in two weeks, their sizes are not representative.
ENOUGH_UPLOADS: Final = 50

# How many of a hundred uploads have a number of keys, while there are not enough real ones. The public app sends the
# days from two days before the onset of symptoms, mostly four to nine days, or fourteen if no date was entered.
_TYPICAL_LENGTHS: Final = {3: 4, 4: 8, 5: 12, 6: 13, 7: 12, 8: 10, 9: 8, 10: 6, 11: 4, 12: 3, 13: 3, 14: 17}
_TYPICAL_LEVEL: Final = 1  # the public app sends no other, and no report type


class KeyTemplate(NamedTuple):
    """A stored key without its data. `hour` is the hour number of its publication."""

    hour: int
    rolling_start_interval_number: int
    rolling_period: int
    transmission_risk_level: int
    report_type: int | None = None
    days_since_onset_of_symptoms: int | None = None

    def age(self, policy: ReleasePolicy) -> int:
        """Return how many days before its upload the key's validity began; 0 if it was valid when it was uploaded."""
        if not policy.publish_active_keys:
            end = end_of_hold(self.rolling_start_interval_number, self.rolling_period, policy)
            if self.hour == end:  # it was held back
                return 0
        last_hour = self.hour - (1 if policy.period_hours else 0)
        return last_hour // HOURS_PER_DAY - self.rolling_start_interval_number // INTERVALS_PER_DAY


@dataclass(frozen=True)
class UploadModel:
    """What uploads look like.

    `batch` and `stored` are keys of the batch and a sample of all days; both may be empty. `lengths` has how many
    uploads had a number of keys.
    """

    batch: Sequence[KeyTemplate]
    stored: Sequence[KeyTemplate]
    lengths: Mapping[int, int]
    policy: ReleasePolicy

    @cached_property
    def sizes(self) -> Mapping[int, int]:
        """How many uploads had a number of keys: the real ones, if there are enough."""
        return self.lengths if sum(self.lengths.values()) >= ENOUGH_UPLOADS else _TYPICAL_LENGTHS

    @cached_property
    def estimated_uploads(self) -> int:
        """How many uploads the batch has, as an observer of the archive would estimate: the most keys of one day.

        The keys themselves do not show which of them came together.
        """
        passive = (key for key in self.batch if key.age(self.policy) != 0)
        days = Counter(key.rolling_start_interval_number // INTERVALS_PER_DAY for key in passive)
        return max(days.values(), default=0)

    @cached_property
    def by_age(self) -> Mapping[int, Sequence[KeyTemplate]]:
        """All templates by their age in days."""
        grouped = defaultdict(list)
        for template in (*self.batch, *self.stored):
            grouped[template.age(self.policy)].append(template)
        return grouped

    @cached_property
    def levels(self) -> Mapping[tuple[int | None, int], Sequence[int]]:
        """The levels of all templates that have an onset, by report type and days since onset."""
        grouped = defaultdict(list)
        for template in (*self.batch, *self.stored):
            if template.days_since_onset_of_symptoms is not None:
                kind = template.report_type, template.days_since_onset_of_symptoms
                grouped[kind].append(template.transmission_risk_level)
        return grouped

    def first_day(self, report_type: int | None) -> int:
        """Return on which day since the onset of symptoms uploads usually begin: apps that know it choose days by it.

        At least one template must have the report type and an onset. Days that are rare in comparison are exceptions.
        """
        days = {day: len(levels) for (kind, day), levels in self.levels.items() if kind == report_type}
        return min(day for day, number in days.items() if number >= max(days.values()) / 10)

    @cached_property
    def active_share(self) -> float:
        """Which share of uploads has a key of the day of the upload: they have one each.

        The number of stored uploads is estimated as `make_up_upload` makes them up. Otherwise the estimate would differ
        a little more from the truth each time that padding is drawn from padding.
        """
        ages = Counter(template.age(self.policy) for template in self.stored)
        mean = fmean([min(size, SERVED_DAYS) for size in self.sizes], list(self.sizes.values()))
        uploads = ages[1] if self.levels else len(self.stored) / mean
        return ages[0] / uploads if uploads else 0.0

    @cached_property
    def bases(self) -> Sequence[Sequence[KeyTemplate]]:
        """The templates that a made-up upload may resemble: those of the batch, and those of all days, if any.

        Only keys of the day before the upload, of which almost every upload has one; long uploads would otherwise be
        chosen more often.
        """
        pools = (pool for pool in (self.batch, self.stored) if pool)
        return [[template for template in pool if template.age(self.policy) == 1] or pool for pool in pools]

    def base(self, random: Random) -> KeyTemplate | None:
        """Return a random template, as often of the batch as of all days; None if there is none."""
        return random.choice(random.choice(self.bases)) if self.bases else None


def make_up_batch(model: UploadModel, minimum: int, hour: int, random: Random) -> list[tuple[DiagnosisKey, int]]:
    """Return the keys of made-up uploads for the batch of an hour, and the hour in which each becomes public.

    Together with the real ones there are `minimum` to twice as many uploads, a number that is drawn without regard to
    the real ones. At least half of `minimum` are made up, so that a client that sent all other uploads of a batch
    itself still does not know which keys the last one has. Short uploads of the first hours of a day, whose keys are
    all held back, come in addition.
    """
    total = random.randint(minimum, 2 * minimum)
    number = max(total - model.estimated_uploads, -(-minimum // 2))
    opened = start_of_hour(hour) - CLOSING - timedelta(hours=model.policy.period_hours)
    seconds = model.policy.period_hours * SECONDS_PER_HOUR
    keys: list[tuple[DiagnosisKey, int]] = []
    visible = 0
    for _ in range(3 * number):  # not for ever: it is possible that no upload has more keys than are held back
        moment = opened + timedelta(seconds=random.randrange(seconds))
        upload = make_up_upload(model, moment, random)
        hours = [publication_hour(key, moment, model.policy) for key in upload]
        keys += zip(upload, hours, strict=True)
        visible += hour in hours
        if visible == number:
            break
    return keys


def make_up_upload(model: UploadModel, moment: datetime, random: Random) -> list[DiagnosisKey]:
    """Return the keys of a person who does not exist: consecutive days that end shortly before `moment`."""
    base = model.base(random)
    newest = 0 if random.random() < model.active_share else 1
    (size,) = random.choices(list(model.sizes), list(model.sizes.values()))
    if base is not None and base.days_since_onset_of_symptoms is not None:
        age_of_onset = base.days_since_onset_of_symptoms + base.age(model.policy)
        size = max(1, age_of_onset - model.first_day(base.report_type) - newest + 1)
    ages = range(newest, newest + min(size, SERVED_DAYS))
    return [_make_up_key(model, base, age, moment, random) for age in ages]


def _make_up_key(
    model: UploadModel, base: KeyTemplate | None, age: int, moment: datetime, random: Random
) -> DiagnosisKey:
    start = (day_number(moment) - age) * INTERVALS_PER_DAY
    period, level, report_type, onset = MAX_ROLLING_PERIOD, _TYPICAL_LEVEL, None, None
    passed = int(moment.timestamp()) // SECONDS_PER_INTERVAL - start
    # No phone has a key that begins after its upload: one that is published at once would be known to be made up.
    templates = [
        each for each in model.by_age.get(age, ()) if each.rolling_start_interval_number % INTERVALS_PER_DAY <= passed
    ]
    if templates:
        template = random.choice(templates)
        start += template.rolling_start_interval_number % INTERVALS_PER_DAY
        period = template.rolling_period
    if age == 0 and period < MAX_ROLLING_PERIOD:  # cut short by the upload
        period = max(1, min(period, int(moment.timestamp()) // SECONDS_PER_INTERVAL - start))
    if base is not None:
        level, report_type = base.transmission_risk_level, base.report_type
        if base.days_since_onset_of_symptoms is not None:
            onset = plausible_onset(base.days_since_onset_of_symptoms + base.age(model.policy) - age)
            if onset is not None:  # in some apps the level depends on it
                level = random.choice(model.levels.get((report_type, onset), [level]))
    return DiagnosisKey(random.randbytes(KEY_DATA_BYTES), start, period, level, report_type, onset)
