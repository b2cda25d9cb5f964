"""The parts of the simulated city, each by itself."""

import io
import random

import pytest

from clients.city.calendar import Calendar
from clients.city.expected import ExpectedNotifications
from clients.city.radio import Radio
from clients.city.shared import SharedIndex, SharedReader
from clients.city.world import Meeting, World
from clients.phone import matching
from clients.phone.archive import PublishedKey
from clients.phone.crypto import DailyKey
from clients.phone.errors import BadArchiveError
from clients.phone.phone import receive
from clients.phone.state import State
from clients.progress import Progress

DAY = 20_000
MIDNIGHT = DAY * 86_400


class Clock:
    """A clock that sleeping moves."""

    def __init__(self, now):
        self.time = now

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.time += seconds


def calendar(now, **options):
    clock = Clock(now)
    return Calendar(**{"days": 14, "real_time": False, **options}, now=clock.now, sleep=clock.sleep), clock


# The world


def lived(seed):
    world = World(80, seed)
    return world, [world.day(number) for number in range(14)]


def test_a_seed_repeats_a_city_and_another_seed_makes_another():
    assert lived(7)[0].fingerprint == lived(7)[0].fingerprint
    assert lived(7)[1] == lived(7)[1]
    assert lived(7)[0].fingerprint != lived(8)[0].fingerprint


def test_every_meeting_is_of_two_people_and_within_its_day():
    for day in lived(3)[1]:
        assert day.meetings
        for meeting in day.meetings:
            assert meeting.one != meeting.other
            assert 0 <= meeting.start < meeting.start + meeting.minutes < 24 * 60


def test_patients_stay_at_home_and_are_tested_once():
    world, days = lived(3)
    tested = [patient.person for day in days for patient in day.patients]

    assert len(tested) == len(set(tested)) > 3
    assert world.isolated == set(tested)
    first = next(number for number, day in enumerate(days) if day.patients)
    patient = days[first].patients[0].person
    assert all(
        meeting.start >= 18 * 60
        for day in days[first + 1 :]
        for meeting in day.meetings
        if patient in (meeting.one, meeting.other)
    )


def test_a_city_of_one_is_refused():
    with pytest.raises(ValueError, match="two people"):
        World(1, 1)


# The calendar


def test_past_days_end_the_day_before_yesterday_whatever_the_hour():
    for hour in (0, 1, 23):
        past, clock = calendar(MIDNIGHT + hour * 3_600)
        before = clock.time

        assert [past.date_of(0), past.date_of(13)] == [DAY - 15, DAY - 2]
        past.wait_until_over(13)
        assert clock.time == before


def test_in_real_time_a_day_is_lived_once_its_keys_can_be_published():
    real, clock = calendar(MIDNIGHT + 36_000, real_time=True)

    assert real.date_of(0) == DAY
    real.wait_until_over(0)
    assert clock.time == MIDNIGHT + 86_400 + 7_800


def test_days_keep_their_date_when_midnight_comes():
    past, clock = calendar(MIDNIGHT + 86_399)
    clock.time += 5

    assert past.date_of(13) == DAY - 2


@pytest.mark.parametrize(("left", "waits"), [(11, False), (10, True), (1, True)])
def test_a_step_that_would_cross_midnight_waits_for_it(left, waits):
    past, clock = calendar(MIDNIGHT + 86_400 - left)

    past.keep_clear_of_midnight(10)

    assert clock.time == (MIDNIGHT + 86_401 if waits else MIDNIGHT + 86_400 - left)


# The air, and matching for many


def test_the_radio_gives_what_two_reference_phones_would_receive():
    phones = [State(), State()]
    Radio(phones, DAY).carry([Meeting(0, 1, 14 * 60 + 5, 27, 58)])
    alone = State()
    receive(alone, phones[1], MIDNIGHT + (14 * 60 + 5) * 60, 27 * 60, 58)

    assert phones[0].received == alone.received
    assert len(phones[1].received) == 4


def test_the_shared_index_finds_what_the_reference_phone_finds():
    rng = random.Random(5)
    phones = [State() for _ in range(12)]
    for date in (DAY, DAY + 1):
        pairs = [rng.sample(range(12), 2) for _ in range(25)]
        Radio(phones, date).carry(Meeting(*pair, rng.randrange(1_300), rng.randint(1, 90), 50) for pair in pairs)
    keys = [PublishedKey(key, 1) for phone in phones[:6] for key in phone.keys]
    cut = [PublishedKey(DailyKey(one.key.key_data, one.key.start, 60), 1) for one in keys[:2]]
    replayed = [matching.Reception(s.rpi, s.encrypted_metadata, s.interval + 13, 60, -60) for s in phones[7].received]
    files = [tuple(keys[2:8]), tuple(cut), keys[8:10], tuple(keys[2:8])]
    index = SharedIndex()

    for receiver in [*phones, State(received=replayed), State()]:
        assert by_key(index.find(files, receiver.received)) == by_key(matching.find(files, receiver.received))
    assert any(matching.find(files, phone.received) for phone in phones)


def by_key(matches):
    return {
        match.published.key.key_data: sorted(match.receptions, key=lambda s: (s.interval, s.rpi, s.seconds, s.rssi))
        for match in matches
    }


def test_the_shared_index_finds_only_keys_of_the_files_that_are_asked_about():
    receiver, sender = State(), State()
    receive(receiver, sender, MIDNIGHT, 600, 50)
    file = tuple(PublishedKey(key, 1) for key in sender.keys)
    index = SharedIndex()

    assert len(index.find([file], receiver.received)) == 1
    assert index.find([()], receiver.received) == []


def test_the_shared_reader_reads_equal_content_once_and_refuses_a_forgery(signer):
    read = SharedReader(signer.public_key)
    keys = [DailyKey(b"k" * 16, DAY * 144)]

    one, other = signer.archive(keys), signer.archive(keys)

    assert one != other  # two signatures of the same content
    assert read(one) is read(other)
    with pytest.raises(BadArchiveError):
        read(type(signer)().archive(keys))


# The record of meetings


@pytest.fixture
def record():
    return ExpectedNotifications(near_db=62, enough_minutes=15)


def test_a_person_near_for_long_enough_must_be_notified_once_the_keys_are_fetched(record):
    record.met(DAY, [Meeting(0, 1, 600, 15, 62), Meeting(0, 2, 700, 14, 50), Meeting(0, 3, 700, 90, 63)])
    record.sent(0, [DAY])
    assert dict(record.notified) == {}

    record.fetched(DAY + 2)

    assert dict(record.notified) == {1: {DAY}}


def test_short_times_near_two_patients_of_one_day_add_up(record):
    record.met(DAY, [Meeting(0, 2, 600, 8, 50), Meeting(1, 2, 700, 8, 50)])
    record.sent(0, [DAY])
    record.fetched(DAY + 2)
    record.sent(0, [DAY])
    record.sent(1, [DAY])

    record.fetched(DAY + 3)

    assert dict(record.notified) == {2: {DAY}}


@pytest.mark.parametrize(("later", "notified"), [(13, {1: {DAY}}), (14, {})])
def test_a_key_of_fourteen_days_ago_is_not_served_any_more(record, later, notified):
    record.met(DAY, [Meeting(0, 1, 600, 60, 50)])
    record.sent(0, [DAY])

    record.fetched(DAY + later)

    assert dict(record.notified) == notified


# The bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_sees_the_progress_and_a_file_does_not():
    terminal, file = Terminal(), io.StringIO()

    for stream in (terminal, file):
        assert list(Progress(stream).track("phones fetch", range(40), 40)) == list(range(40))

    assert "phones fetch" in terminal.getvalue()
    assert "40/40" in terminal.getvalue()
    assert file.getvalue() == ""
