"""What a phone remembers."""

import json
import stat

import pytest

from clients.phone import state
from clients.phone.archive import PublishedKey
from clients.phone.crypto import DailyKey
from clients.phone.errors import StateError
from clients.phone.phone import keys_to_upload, receive
from clients.phone.state import KeyPair, State

DAY = 18_458
MIDNIGHT = DAY * 144


@pytest.fixture
def full() -> State:
    """A phone with something in each of its fields."""
    one, other = State(), State()
    receive(one, other, DAY * 86_400, 1_500, 50)
    receive(other, one, DAY * 86_400, 1_500, 50)
    one.key_pair = KeyPair(b"a" * 32, b"b" * 32, b"c" * 32)
    one.matched = [PublishedKey(other.keys[0], 3)]
    one.uploaded = {one.keys[0].key_data}
    one.last_checked = DAY
    one.notified_days = {DAY - 3, DAY - 1}
    one.configuration = {"minimumRiskScore": 1}
    return one


def test_a_phone_is_read_from_its_file_unchanged(full, tmp_path):
    state.save(full, tmp_path / "phone.json")

    assert state.load(tmp_path / "phone.json") == full


def test_a_new_phone_is_read_from_its_file(tmp_path):
    state.save(State(), tmp_path / "phone.json")

    assert state.load(tmp_path / "phone.json") == State()


def test_only_the_owner_can_read_the_file(full, tmp_path):
    state.save(full, tmp_path / "phone.json")

    assert stat.S_IMODE((tmp_path / "phone.json").stat().st_mode) == 0o600


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(full, tmp_path, monkeypatch):
    path = tmp_path / "phone.json"
    state.save(State(), path)

    def broken(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(state.os, "fsync", broken)
    with pytest.raises(OSError, match="no space"):
        state.save(full, path)

    assert state.load(path) == State()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "cannot be read"),
        ("[]", "not a phone of version 2"),
        ('{"version": 1}', "not a phone of version 2"),
        ('{"version": 2}', "damaged"),
    ],
)
def test_a_file_that_is_not_a_phone_is_refused_with_the_reason(tmp_path, text, reason):
    (tmp_path / "phone.json").write_text(text)

    with pytest.raises(StateError, match=reason):
        state.load(tmp_path / "phone.json")


def test_a_missing_file_is_explained(tmp_path):
    with pytest.raises(StateError, match="`new` makes one"):
        state.load(tmp_path / "phone.json")


def test_the_file_names_its_version(full, tmp_path):
    state.save(full, tmp_path / "phone.json")

    assert json.loads((tmp_path / "phone.json").read_text())["version"] == 2


def test_a_day_has_one_key_that_begins_at_midnight():
    phone = State()

    assert phone.key_at(MIDNIGHT + 5) is phone.key_at(MIDNIGHT + 143)
    assert (phone.keys[0].start, phone.keys[0].period) == (MIDNIGHT, 144)


@pytest.mark.parametrize("later", [60, 100])
def test_a_key_that_was_ended_is_followed_by_one_for_the_rest_of_the_day(later):
    phone = State()
    phone.key_at(MIDNIGHT)

    phone.end_current_key(MIDNIGHT + 60)
    rest = phone.key_at(MIDNIGHT + later)

    assert [(key.start, key.end) for key in phone.keys] == [(MIDNIGHT, MIDNIGHT + 60), (MIDNIGHT + 60, MIDNIGHT + 144)]
    assert rest is phone.keys[1]


def test_what_is_older_than_a_day_is_forgotten(full):
    full.forget_before(DAY)
    assert (len(full.keys), len(full.received), len(full.matched), len(full.uploaded)) == (1, 3, 1, 1)

    full.forget_before(DAY + 1)
    assert (full.keys, full.received, full.matched, full.uploaded) == ([], [], [], set())


def test_the_28_newest_keys_that_are_over_are_uploaded():
    phone = State(keys=[DailyKey(bytes([day]) * 16, (DAY - day) * 144) for day in range(40)])

    keys = keys_to_upload(phone, DAY * 86_400)

    assert [key.start // 144 for key in keys] == list(range(DAY - 1, DAY - 29, -1))


def test_keys_that_were_sent_before_are_not_sent_again():
    phone = State(keys=[DailyKey(bytes([day]) * 16, (DAY - day) * 144) for day in range(1, 4)])
    phone.uploaded = {phone.keys[0].key_data}

    assert keys_to_upload(phone, DAY * 86_400) == phone.keys[1:]


def test_keys_from_two_days_before_the_onset_of_symptoms_are_sent_and_older_ones_are_not():
    phone = State(keys=[DailyKey(bytes([day]) * 16, (DAY - day) * 144) for day in range(1, 14)])

    keys = keys_to_upload(phone, DAY * 86_400, onset_day=DAY - 4)

    assert [key.start // 144 for key in keys] == [DAY - day for day in range(1, 7)]
