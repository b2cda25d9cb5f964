"""Made-up uploads in batches (app/upkeep/padding.py, app/domain/padding.py)."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from app.domain.padding import ENOUGH_UPLOADS, KeyTemplate, UploadModel, make_up_batch, make_up_upload
from app.domain.publication import ReleasePolicy
from app.domain.timeline import day_number, hour_number
from app.domain.uploads import DiagnosisKey
from app.upkeep.padding import pad_batch
from tests.support.archive import archive_in
from tests.support.clock import NOON
from tests.support.service import Service
from tests.support.stored import store_key

MINIMUM = 10
TODAY = day_number(NOON)
RELEASE = hour_number(NOON) + 1
HOURLY = ReleasePolicy(period_hours=1, publish_active_keys=False)
SETTINGS = {"RELEASE_PERIOD_HOURS": "1", "RELEASE_MINIMUM_UPLOADS": str(MINIMUM), "EXPORT_MAX_AGE_SECONDS": "0"}


@pytest.fixture
def padded(make_service: Callable[..., Service]) -> Service:
    """A service with padding. It is 12:57: the batch of one o'clock is closed."""
    service = make_service(**SETTINGS)
    service.clock.advance(minutes=42)
    return service


def pad(service: Service) -> int:
    return pad_batch(service.database, service.settings.retrieval, service.clock.now)


def stored(service: Service) -> list[Any]:
    return service.rows("SELECT * FROM diagnosis_keys ORDER BY key_data")


def exported(service: Service) -> list[Any]:
    """Return the stored keys that are not too old for today's archive (rule 80)."""
    return [row for row in stored(service) if row.rolling_start_interval_number > (service.today - 14) * 144]


def empty_model(**values: Any) -> UploadModel:
    return UploadModel(**({"batch": [], "stored": [], "lengths": {}, "policy": HOURLY} | values))


def test_a_batch_is_padded_once_before_its_release_and_is_published_then(padded: Service) -> None:
    added = pad(padded)
    assert added > 0
    assert pad(padded) == 0
    padded.clock.advance(minutes=2)
    assert pad(padded) == 0
    assert archive_in(padded.fetch(padded.today)).numbers == []
    padded.clock.advance(minutes=1)  # one o'clock
    assert len(archive_in(padded.fetch(padded.today)).numbers) == len(exported(padded)) > added / 2
    assert pad(padded) == 0
    padded.clock.advance(minutes=57)
    assert pad(padded) > 0


def test_nothing_is_added_before_a_batch_is_closed_or_unless_it_is_asked_for(
    padded: Service, make_service: Callable[..., Service]
) -> None:
    padded.clock.advance(minutes=-3)
    assert pad(padded) == 0
    padded.clock.advance(minutes=3)
    for changes in ({"RELEASE_MINIMUM_UPLOADS": "0"}, {"RELEASE_PERIOD_HOURS": "0"}):
        service = make_service(**(SETTINGS | changes))
        service.clock.now = padded.clock.now
        assert pad(service) == 0


def test_a_batch_of_four_hours_is_padded_every_four_hours(make_service: Callable[..., Service]) -> None:
    service = make_service(**(SETTINGS | {"RELEASE_PERIOD_HOURS": "4"}))
    service.clock.now = NOON.replace(hour=0, minute=57)
    padded_hours = []
    for hour in range(24):
        padded_hours += [hour + 1] if pad(service) else []
        service.clock.advance(hours=1)
    assert padded_hours == [4, 8, 12, 16, 20, 24]


def test_the_keys_of_a_batch_do_not_show_that_they_are_made_up(padded: Service) -> None:
    store_key(padded, 1, hour_of_submission=RELEASE, rolling_start_interval_number=(TODAY - 2) * 144)
    pad(padded)
    made_up = [row for row in stored(padded) if row.key_data != bytes(15) + b"\1"]
    assert {row.region for row in made_up} == {"302"}
    assert {(row.rolling_period, row.transmission_risk_level, row.report_type) for row in made_up} == {(144, 1, None)}
    assert {row.hour_of_submission for row in made_up} == {RELEASE}
    assert len({bytes(row.key_data) for row in made_up}) == len(made_up)


def test_every_instance_exports_the_same_keys(padded: Service, make_service: Callable[..., Service]) -> None:
    other = make_service(**SETTINGS)
    other.clock.now = padded.clock.now
    with ThreadPoolExecutor(2) as pool:
        added = sorted(pool.map(pad, (padded, other)))
    assert added[0] == 0 < added[1]

    for service in (padded, other):
        service.clock.advance(minutes=3)
    first, second = (archive_in(service.fetch(TODAY)).export.keys for service in (padded, other))
    assert first == second
    assert len(first) == len(exported(padded))


@pytest.mark.parametrize(("size", "least", "most"), [(2, MINIMUM, 2 * MINIMUM), (1, 0, MINIMUM)])
def test_uploads_of_the_first_hour_of_a_day_whose_keys_are_all_held_back_come_in_addition(
    size: int, least: int, most: int
) -> None:
    """With one key, only those of the minutes before midnight are not held back: there is no end to wait for."""
    first_hour, yesterday = TODAY * 24 + 1, (TODAY - 1) * 144
    of_its_day, of_the_day_before = (KeyTemplate(hour, yesterday, 144, 1) for hour in (TODAY * 24 + 2, RELEASE))
    model = empty_model(stored=[of_its_day, *[of_the_day_before] * 7], lengths={size: ENOUGH_UPLOADS})
    for seed in range(50):
        keys = make_up_batch(model, MINIMUM, first_hour, Random(seed))
        at_once = Counter(key.rolling_start_interval_number for key, hour in keys if hour == first_hour)
        assert least <= max(at_once.values(), default=0) <= most
        assert at_once.total() < len(keys) <= 3 * 2 * MINIMUM * size


def test_a_batch_has_the_minimum_to_twice_the_minimum_of_uploads_and_half_of_the_minimum_is_made_up() -> None:
    def made_up(real: int, seed: int) -> int:
        batch = [KeyTemplate(RELEASE, (TODAY - 2) * 144, 144, 1)] * real
        keys = make_up_batch(empty_model(batch=batch), MINIMUM, RELEASE, Random(seed))
        return Counter(key.rolling_start_interval_number for key, _ in keys)[(TODAY - 2) * 144]

    totals = {real: Counter(real + made_up(real, seed) for seed in range(400)) for real in (0, 3, 5)}
    assert totals[0] == totals[3] == totals[5]  # the number of uploads is drawn without regard to the real ones
    assert set(totals[0]) == set(range(MINIMUM, 2 * MINIMUM + 1))
    assert {made_up(1000, seed) for seed in range(20)} == {MINIMUM // 2}


def test_real_uploads_are_estimated_by_the_day_of_most_keys_before_that_of_the_release() -> None:
    starts = [*(TODAY * 144 + n for n in range(5)), *((TODAY - 1) * 144 + n for n in range(3)), (TODAY - 2) * 144]
    batch = [KeyTemplate(RELEASE, start, 144, 1) for start in starts]
    assert empty_model(batch=batch).estimated_uploads == 3
    assert empty_model().estimated_uploads == 0


@pytest.mark.parametrize(("period_hours", "age"), [(1, 1), (0, 2)])
def test_the_keys_of_a_batch_that_is_released_at_midnight_came_the_day_before(period_hours: int, age: int) -> None:
    policy = ReleasePolicy(period_hours=period_hours, publish_active_keys=True)
    assert KeyTemplate(TODAY * 24, (TODAY - 2) * 144, 144, 1).age(policy) == age


def test_a_made_up_upload_is_a_run_of_days_that_ends_yesterday() -> None:
    for seed in range(100):
        keys = make_up_upload(empty_model(), NOON, Random(seed))
        assert [TODAY - key.rolling_start_interval_number // 144 for key in keys] == list(range(1, len(keys) + 1))


def test_its_number_of_keys_is_that_of_real_uploads_if_there_are_enough() -> None:
    few = empty_model(lengths={2: ENOUGH_UPLOADS - 1})
    enough = empty_model(lengths={2: ENOUGH_UPLOADS})
    sizes = [{len(make_up_upload(model, NOON, Random(seed))) for seed in range(200)} for model in (few, enough)]
    assert sizes == [set(range(3, 15)), {2}]


def test_sizes_are_counted_from_the_uploads_of_two_weeks(padded: Service) -> None:
    for days, keys, uploads in ((0, 2, 30), (13, 2, 20), (15, 7, 1000), (1, 0, 500)):
        padded.execute(
            "INSERT INTO tek_upload_count (originator, date, count, first_upload, uploads) "
            "VALUES ('ON', :date, :keys, true, :uploads)",
            date=(NOON - timedelta(days=days)).date(),
            keys=keys,
            uploads=uploads,
        )
    pad(padded)
    starts = Counter(row.rolling_start_interval_number for row in stored(padded))
    assert set(starts) == {(TODAY - 1) * 144, (TODAY - 2) * 144}
    assert len(set(starts.values())) == 1


def test_a_made_up_upload_resembles_stored_ones_in_all_fields() -> None:
    """The model's uploads end on the day of the upload; levels follow the days since onset."""
    upload = [
        KeyTemplate(RELEASE, (TODAY - age) * 144 + 6, 138, 1 + age, report_type=2, days_since_onset_of_symptoms=4 - age)
        for age in range(1, 8)
    ]
    held = KeyTemplate((TODAY + 1) * 24 + 2, TODAY * 144 + 6, 138, 1, 2, 4)
    model = empty_model(stored=[held, *upload], lengths={8: ENOUGH_UPLOADS})
    for seed in range(20):
        keys = make_up_upload(model, NOON.replace(hour=23), Random(seed))
        assert [tuple(getattr(key, name) for name in KeyTemplate._fields[1:]) for key in keys] == [
            template[1:] for template in [held._replace(rolling_period=133), *upload]
        ]


def test_a_made_up_key_of_the_day_is_held_back_as_a_real_one_is() -> None:
    held = KeyTemplate(TODAY * 24 + 2, (TODAY - 1) * 144, 144, 1)
    model = empty_model(stored=[held], lengths={1: ENOUGH_UPLOADS})
    batch = make_up_batch(model, MINIMUM, RELEASE, Random(1))
    assert {hour for _, hour in batch} == {(TODAY + 1) * 24 + 2}
    assert {key.rolling_start_interval_number for key, _ in batch} == {TODAY * 144}


def test_a_made_up_key_that_is_published_at_once_began_before_its_upload() -> None:
    evening = KeyTemplate(RELEASE, TODAY * 144 + 120, 24, 1)
    policy = ReleasePolicy(period_hours=1, publish_active_keys=True)
    model = empty_model(stored=[evening], lengths={1: ENOUGH_UPLOADS}, policy=policy)
    (key,) = make_up_upload(model, NOON, Random(1))
    assert TODAY * 144 <= key.rolling_start_interval_number <= int(NOON.timestamp()) // 600


def test_half_of_the_made_up_uploads_resemble_their_batch() -> None:
    rare, usual = (KeyTemplate(RELEASE, (TODAY - 2) * 144, 144, level) for level in (7, 1))
    model = empty_model(batch=[rare], stored=[usual] * 999 + [rare])
    levels = Counter(make_up_upload(model, NOON, Random(seed))[0].transmission_risk_level for seed in range(400))
    assert 150 < levels[7] < 250


def test_days_end_where_real_uploads_end_if_they_are_chosen_by_the_onset_of_symptoms() -> None:
    uploads = [
        KeyTemplate(RELEASE, (TODAY - age) * 144, 144, 1, report_type=1, days_since_onset_of_symptoms=onset - age)
        for onset in (2, 6)
        for age in range(1, onset + 3)
    ]
    model = empty_model(stored=uploads, lengths={14: ENOUGH_UPLOADS})
    made_up = [make_up_upload(model, NOON, Random(seed)) for seed in range(20)]
    assert {len(keys) for keys in made_up} == {4, 8}
    assert {keys[-1].days_since_onset_of_symptoms for keys in made_up} == {-2}


@pytest.mark.parametrize("with_onset", [False, True])
def test_padding_that_is_drawn_from_padding_does_not_change_over_time(with_onset: bool) -> None:
    """Without real uploads, a service draws from what it has drawn: ten times, which is half a year."""
    random, batches = Random(3), 60
    lengths = {8: 30, 9: 10} if with_onset else {8: ENOUGH_UPLOADS}
    stored = []
    for number in range(1000):
        onset, newest = 2 + number % 5, 0 if number % 5 == 0 else 1
        for age in range(newest, onset + 3 if with_onset else newest + 8):
            shape = ((TODAY - age) * 144, 144, 1 + number % 3, 1, onset - age if with_onset else None)
            stored.append(KeyTemplate(RELEASE if age else (TODAY + 1) * 24 + 2, *shape))
    before = UploadModel([], stored, lengths, HOURLY)
    for _ in range(10):
        samples = [random.sample(stored, 1000) for _ in range(batches)]
        made_up = [
            make_up_batch(empty_model(stored=each, lengths=lengths), MINIMUM, RELEASE, random) for each in samples
        ]
        stored = [KeyTemplate(hour, *vars_of(key)) for batch in made_up for key, hour in batch]

    after = UploadModel([], stored, lengths, HOURLY)
    assert before.active_share == pytest.approx(0.2)
    assert after.active_share == pytest.approx(0.2, abs=0.1)
    levels = Counter(template.transmission_risk_level for template in stored)
    assert set(levels) == {1, 2, 3}
    assert min(levels.values()) > len(stored) / 5
    assert len(stored) / (batches * 1.5 * MINIMUM) == pytest.approx(6.2 if with_onset else 8, rel=0.1)


def vars_of(key: DiagnosisKey) -> tuple[Any, ...]:
    return tuple(getattr(key, name) for name in KeyTemplate._fields[1:])
