"""What the owner of a phone can do, with a server made of canned answers."""

import json
from pathlib import Path

import pytest

from clients.phone import configuration
from clients.phone import exposure_pb2 as pb
from clients.phone.codes import normalise_code
from clients.phone.errors import (
    BadArchiveError,
    CodeError,
    DecommissionedError,
    DownloadRefusedError,
    MalformedError,
    StateError,
)
from clients.phone.phone import Phone, receive
from clients.phone.state import State

DATA = Path(__file__).parent / "data"
DAY = 18_458
NOW = DAY * 86_400 + 12 * 3_600
YESTERDAY_NOON = NOW - 86_400


class Service:
    """A retrieval server as a function: archives by period, and the configuration."""

    def __init__(self, signer, today=DAY):
        self.signer = signer
        self.keys = {}
        self.broken = {}
        self.configuration = (200, json.dumps(configuration.DEFAULT).encode())
        self.today = today

    def __call__(self, request):
        if request.url.endswith("/claim-key"):
            return 204, b""
        if request.url.endswith("CA.json"):
            return self.configuration
        period = int(request.url.split("/")[5])
        if period in self.broken:
            return self.broken[period]
        start, end = (period, period + 1) if period else (self.today - 15, self.today)
        return 200, self.signer.archive(self.keys.get(period, []), start * 86_400, end * 86_400)


@pytest.fixture
def service(signer):
    return Service(signer)


@pytest.fixture
def make(canned, service):
    """Return a maker of phones over states."""

    def phone(state=None):
        server, record = canned(service)
        warnings = []
        made = Phone(state or State(), server, warn=warnings.append)
        made.record, made.warnings = record, warnings
        return made

    return phone


@pytest.fixture
def contact():
    """A contact's state, and that of a patient whom they met yesterday for 20 minutes."""
    receiver, patient = State(), State()
    receive(receiver, patient, YESTERDAY_NOON, 1_200, 45)
    return receiver, patient


def asked(phone):
    return [request.url.split("/")[5] for request in phone.record.requests if "/retrieve/302/" in request.url]


def test_a_contact_is_notified_once_the_patients_keys_are_published(make, service, contact):
    receiver, patient = contact
    service.keys[DAY] = patient.keys

    result = make(receiver).check(NOW)

    assert result.notified_days == (DAY - 1,)
    assert receiver.notified_days == {DAY - 1}
    assert receiver.last_checked == DAY


def test_a_person_without_contacts_is_not_notified(make, service, contact):
    service.keys[DAY] = contact[1].keys

    assert make().check(NOW).notified_days == ()


def test_a_key_that_is_in_the_bundle_and_in_todays_archive_counts_once(make, service, contact):
    receiver, patient = contact
    service.keys = {0: patient.keys, DAY: patient.keys}

    result = make(receiver).check(NOW)

    assert (result.keys_read, len(result.exposures)) == (2, 1)


def test_short_times_near_two_patients_add_up_though_their_keys_come_on_different_days(make, service):
    receiver, first, second = State(), State(), State()
    for patient, attenuation in ((first, 45), (second, 60)):
        receive(receiver, patient, YESTERDAY_NOON, 480, attenuation)
    service.keys[DAY] = first.keys
    assert make(receiver).check(NOW).notified_days == ()

    service.keys, service.today = {DAY + 1: second.keys}, DAY + 1
    assert make(receiver).check(NOW + 86_400).notified_days == (DAY - 1,)


def test_the_first_check_and_the_later_ones_ask_as_the_public_app_does(make):
    state = State()
    first = make(state)
    first.check(NOW)
    assert asked(first) == ["00000", str(DAY)]

    later = make(state)
    later.check(NOW + 2 * 86_400)
    assert asked(later) == [str(DAY + 2), str(DAY + 1), str(DAY)]


def test_what_was_received_is_forgotten_after_fourteen_days(make):
    state = State()
    for days in (13, 14, 15):
        receive(state, State(), NOW - days * 86_400, 60, 45)

    make(state).check(NOW)

    assert [reception.interval // 144 for reception in state.received] == [DAY - 13, DAY - 14]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((404, b"cannot serve data for current period for privacy reasons\n"), DownloadRefusedError),
        ((200, b""), MalformedError),
        ((200, b"<html>"), MalformedError),
        ((200, b"no zip"), BadArchiveError),
    ],
)
def test_a_day_that_is_missing_or_bad_stops_the_check_and_is_asked_for_again(make, service, answer, error):
    state = State(last_checked=DAY - 2)
    service.broken[DAY - 1] = answer

    with pytest.raises(error):
        make(state).check(NOW)

    assert state.last_checked == DAY - 2


def test_an_archive_of_another_day_is_refused(make, service, signer):
    yesterday = signer.archive([], (DAY - 1) * 86_400, DAY * 86_400)
    service.broken[DAY] = (200, yesterday)

    with pytest.raises(BadArchiveError, match="as asked"):
        make(State(last_checked=DAY)).check(NOW)


@pytest.mark.parametrize(("clock", "servers"), [(DAY * 86_400 - 1, DAY), ((DAY + 1) * 86_400 + 1, DAY)])
def test_midnight_may_fall_into_a_check(make, service, clock, servers):
    """The server's day is another one than that of the phone's clock when the check began."""
    service.today = servers
    make().check(clock)


@pytest.mark.parametrize("clock", [(DAY - 1) * 86_400 + 1, (DAY + 1) * 86_400 + 3_601])
def test_a_bundle_of_another_day_is_refused(make, clock):
    with pytest.raises(BadArchiveError, match="as asked"):
        make().check(clock)


@pytest.mark.parametrize(
    ("answer", "warning"),
    [
        (
            (404, b"404 page not found\n"),
            "CA.json is missing: HTTP 404, 404 page not found; the built-in default",
        ),
        (
            (200, b"<html>"),
            "CA.json (HTTP 200) is a page of HTML",
        ),
        ((200, b'{"minimumRiskScore": 0}'), "CA.json is invalid: attenuationWeight: is missing; the built-in default"),
        ((200, b'{"decommissioned": true}'), "CA.json is invalid: attenuationWeight: is missing; the built-in default"),
    ],
)
def test_without_a_valid_configuration_the_phone_warns_and_uses_its_default(make, service, contact, answer, warning):
    receiver, patient = contact
    service.keys[DAY] = patient.keys
    service.configuration = answer
    phone = make(receiver)

    assert phone.check(NOW).notified_days == (DAY - 1,)
    assert receiver.configuration is None
    [warned] = phone.warnings
    assert warning in warned


def test_with_an_invalid_configuration_the_phone_warns_and_uses_its_saved_copy(make, service, contact):
    receiver, patient = contact
    service.keys[DAY] = patient.keys
    service.configuration = (200, json.dumps({**configuration.DEFAULT, "minimumExposureDurationMinutes": 21}).encode())
    first = make(receiver)
    first.check(NOW)
    wrong = {**configuration.DEFAULT, "transmissionRiskWeight": "1"}
    service.configuration = (200, json.dumps(wrong).encode())
    second = make(receiver)

    assert second.check(NOW).notified_days == ()
    assert (first.warnings, second.warnings) == (
        [],
        [
            "the exposure configuration CA.json is invalid: transmissionRiskWeight: is not an integer from 0 to 100; "
            "the saved copy is used"
        ],
    )


def test_a_saved_copy_that_is_invalid_is_not_used(make, service):
    service.configuration = (503, b"")
    phone = make(State(configuration={"minimumRiskScore": 1}))

    phone.check(NOW)

    assert "the built-in default is used" in phone.warnings[0]


@pytest.mark.parametrize("pasted", json.loads((DATA / "pasted_codes.json").read_text())["same"])
def test_a_pasted_code_is_cleaned_of_what_is_not_part_of_it(make, pasted):
    phone = make()
    with pytest.raises(MalformedError):  # a 204: what counts is what was sent
        phone.claim(pasted)

    claim = pb.KeyClaimRequest.FromString(phone.record.requests[0].body)
    assert claim.one_time_code == "AEF2456JKL"


@pytest.mark.parametrize("pasted", json.loads((DATA / "pasted_codes.json").read_text())["different"])
def test_characters_that_only_look_alike_are_not_changed(pasted):
    assert normalise_code(pasted) != "AEF2456JKL"


@pytest.mark.parametrize("empty", ["", " \n", "\u200b\u2013"])
def test_an_empty_code_is_not_sent(make, empty):
    phone = make()

    with pytest.raises(CodeError, match="is empty"):
        phone.claim(empty)

    assert phone.record.requests == []


def test_a_decommissioned_service_stops_the_check(make, service):
    service.configuration = (200, json.dumps({**configuration.DEFAULT, "decommissioned": True}).encode())

    with pytest.raises(DecommissionedError):
        make().check(NOW)


def test_nothing_can_be_sent_before_a_code_is_entered(make):
    with pytest.raises(StateError, match="one-time code first"):
        make().upload(NOW)
