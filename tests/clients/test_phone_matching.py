"""Matching what was received with what is published."""

import pytest

from clients.phone import crypto, matching
from clients.phone.archive import PublishedKey
from clients.phone.phone import receive
from clients.phone.state import State

NOON = 18_458 * 86_400 + 12 * 3_600


def publish(state: State) -> list[PublishedKey]:
    return [PublishedKey(key, 1) for key in state.keys]


@pytest.fixture
def pair() -> tuple[State, State]:
    """A receiver and a sender who were together for 25 minutes from 12:05."""
    receiver, sender = State(), State()
    receive(receiver, sender, NOON + 300, 25 * 60, 45)
    return receiver, sender


def test_a_meeting_is_found_once_its_key_is_published(pair):
    receiver, sender = pair

    [match] = matching.find([publish(sender)], receiver.received)

    assert match.published.key == sender.keys[0]
    assert [reception.seconds for reception in match.receptions] == [300, 600, 600]


def test_the_attenuation_is_read_from_the_encrypted_metadata(pair):
    receiver, sender = pair

    [match] = matching.find([publish(sender)], receiver.received)

    assert {matching.attenuation(match.published.key.key_data, one) for one in match.receptions} == {45}


def test_keys_of_strangers_match_nothing(pair):
    strangers = [PublishedKey(crypto.new_key(NOON // 600 - 72), 1) for _ in range(20)]

    assert matching.find([strangers], pair[0].received) == []


def test_a_key_that_is_in_two_files_counts_once(pair):
    receiver, sender = pair

    assert len(matching.find([publish(sender), publish(sender)], receiver.received)) == 1


def test_reception_is_one_sided(pair):
    receiver, sender = pair

    assert matching.find([publish(receiver)], sender.received) == []


def test_an_identifier_outside_the_published_life_of_its_key_does_not_match(pair):
    receiver, sender = pair
    key = sender.keys[0]
    cut = crypto.DailyKey(key.key_data, key.start, NOON // 600 - key.start)

    assert matching.find([[PublishedKey(cut, 1)]], receiver.received) == []


@pytest.mark.parametrize(("intervals", "found"), [(-13, 0), (-12, 3), (0, 3), (12, 3), (13, 0)])
def test_an_identifier_replayed_more_than_two_hours_away_does_not_match(pair, intervals, found):
    receiver, sender = pair
    replayed = [
        matching.Reception(one.rpi, one.encrypted_metadata, one.interval + intervals, one.seconds, one.rssi)
        for one in receiver.received
    ]

    matches = matching.find([publish(sender)], replayed)

    assert sum(len(match.receptions) for match in matches) == found


def test_a_meeting_across_midnight_is_received_with_two_keys():
    receiver, sender = State(), State()
    midnight = 18_459 * 86_400

    receive(receiver, sender, midnight - 600, 1_200, 45)

    assert [key.end for key in sender.keys] == [midnight // 600, midnight // 600 + 144]
    assert len(matching.find([publish(sender)], receiver.received)) == 2
