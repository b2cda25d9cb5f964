"""What the owner of a phone can do, with a server made of canned answers."""

import json

import pytest

from clients.phone import configuration
from clients.phone.errors import BadArchiveError, DecommissionedError, DownloadRefusedError, StateError
from clients.phone.phone import Phone, hear
from clients.phone.state import State

DAY = 18_458
NOW = DAY * 86_400 + 12 * 3_600
YESTERDAY_NOON = NOW - 86_400


class Service:
    """A retrieval server in a function: archives by period, and the configuration."""

    def __init__(self, signer, today=DAY):
        self.signer = signer
        self.keys = {}
        self.broken = {}
        self.configuration = (200, json.dumps(configuration.DEFAULT).encode())
        self.today = today

    def __call__(self, request):
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
        made = Phone(state or State(), server)
        made.record = record
        return made

    return phone


@pytest.fixture
def contact():
    """A contact's state, and that of a patient whom they met yesterday for 20 minutes."""
    listener, patient = State(), State()
    hear(listener, patient, YESTERDAY_NOON, 1_200, 45)
    return listener, patient


def asked(phone):
    return [request.url.split("/")[5] for request in phone.record.requests if "/retrieve/302/" in request.url]


def test_a_contact_is_told_once_the_patients_keys_are_published(make, service, contact):
    listener, patient = contact
    service.keys[DAY] = patient.keys

    result = make(listener).check(NOW)

    assert result.notified_days == (DAY - 1,)
    assert listener.notified_days == {DAY - 1}
    assert listener.last_checked == DAY


def test_somebody_who_met_nobody_is_told_nothing(make, service, contact):
    service.keys[DAY] = contact[1].keys

    assert make().check(NOW).notified_days == ()


def test_a_key_that_is_in_the_bundle_and_in_todays_archive_counts_once(make, service, contact):
    listener, patient = contact
    service.keys = {0: patient.keys, DAY: patient.keys}

    result = make(listener).check(NOW)

    assert (result.keys_read, len(result.exposures)) == (2, 1)


def test_short_times_near_two_patients_add_up_though_their_keys_come_on_different_days(make, service):
    listener, first, second = State(), State(), State()
    for patient, attenuation in ((first, 45), (second, 60)):
        hear(listener, patient, YESTERDAY_NOON, 480, attenuation)
    service.keys[DAY] = first.keys
    assert make(listener).check(NOW).notified_days == ()

    service.keys, service.today = {DAY + 1: second.keys}, DAY + 1
    assert make(listener).check(NOW + 86_400).notified_days == (DAY - 1,)


def test_the_first_check_and_the_later_ones_ask_as_the_public_app_does(make):
    state = State()
    first = make(state)
    first.check(NOW)
    assert asked(first) == ["00000", str(DAY)]

    later = make(state)
    later.check(NOW + 2 * 86_400)
    assert asked(later) == [str(DAY + 2), str(DAY + 1), str(DAY)]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((404, b"cannot serve data for current period for privacy reasons\n"), DownloadRefusedError),
        ((200, b""), BadArchiveError),
        ((200, b"<html>"), BadArchiveError),
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


@pytest.mark.parametrize(
    "answer", [(404, b"404 page not found\n"), (200, b"<html>"), (200, b'{"minimumRiskScore": 0}')]
)
def test_without_a_sensible_configuration_the_phone_goes_on_with_its_default(make, service, contact, answer):
    listener, patient = contact
    service.keys[DAY] = patient.keys
    service.configuration = answer

    assert make(listener).check(NOW).notified_days == (DAY - 1,)
    assert listener.configuration is None


def test_without_a_configuration_the_phone_goes_on_with_its_last_copy(make, service, contact):
    listener, patient = contact
    service.keys[DAY] = patient.keys
    service.configuration = (200, json.dumps({**configuration.DEFAULT, "minimumExposureDurationMinutes": 21}).encode())
    make(listener).check(NOW)
    service.configuration = (503, b"")

    assert make(listener).check(NOW).notified_days == ()


def test_a_decommissioned_service_stops_the_check(make, service):
    service.configuration = (200, b'{"decommissioned": true}')

    with pytest.raises(DecommissionedError):
        make().check(NOW)


def test_nothing_can_be_sent_before_a_code_is_entered(make):
    with pytest.raises(StateError, match="one-time code first"):
        make().upload(NOW)
