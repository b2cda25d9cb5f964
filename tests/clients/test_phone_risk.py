"""The exposure configuration and the risk that follows from it."""

import json
from pathlib import Path

import pytest

from clients.phone import configuration, risk
from clients.phone.archive import PublishedKey
from clients.phone.errors import DecommissionedError
from clients.phone.matching import find
from clients.phone.phone import receive
from clients.phone.state import State

ROOT = Path(__file__).parents[2]
TODAY = 18_458
DEFAULT = configuration.parse(configuration.DEFAULT)


def counted(**changes: object) -> configuration.Configuration:
    """A configuration whose scores tell which bucket they came from."""
    buckets = list(range(1, 9))
    return configuration.parse(
        {
            **configuration.DEFAULT,
            "attenuationLevelValues": buckets,
            "daysSinceLastExposureLevelValues": buckets,
            "durationLevelValues": buckets,
            "transmissionRiskLevelValues": buckets,
            **changes,
        }
    )


def score(loss: int = 74, days: int = 14, seconds: int = 0, level: int = 1, **changes: object) -> int:
    return risk.risk_score(loss, days, seconds, level, counted(**changes))


@pytest.mark.parametrize(
    ("bucket", "losses"),
    [
        (1, (99, 74)),
        (2, (73, 64)),
        (3, (63, 52)),
        (4, (51, 34)),
        (5, (33, 28)),
        (6, (27, 16)),
        (7, (15, 11)),
        (8, (10, -20)),
    ],
)
def test_attenuation_falls_into_its_bucket(bucket, losses):
    assert [score(loss=loss) for loss in losses] == [bucket, bucket]


@pytest.mark.parametrize(
    ("days", "bucket"),
    [(20, 1), (14, 1), (13, 2), (12, 2), (11, 3), (9, 4), (7, 5), (5, 6), (3, 7), (2, 7), (1, 8), (0, 8)],
)
def test_days_since_the_exposure_fall_into_their_bucket(days, bucket):
    assert score(days=days) == bucket


@pytest.mark.parametrize(
    ("minutes", "bucket"),
    [(0, 1), (1, 2), (5, 2), (6, 3), (10, 3), (15, 4), (20, 5), (25, 6), (30, 7), (31, 8), (600, 8)],
)
def test_duration_falls_into_its_bucket_in_steps_of_five_minutes(minutes, bucket):
    assert score(seconds=minutes * 60) == bucket


@pytest.mark.parametrize("level", range(1, 9))
def test_each_transmission_risk_has_its_score(level):
    assert score(level=level) == level


def test_an_unknown_transmission_risk_counts_as_one():
    assert score(level=0, transmissionRiskLevelValues=[8] * 8) == 1


def test_the_score_is_the_product_of_the_four():
    assert score(loss=60, days=3, seconds=900, level=2) == 3 * 7 * 4 * 2


def test_a_score_below_the_minimum_is_none():
    assert score(loss=60, minimumRiskScore=3) == 3
    assert score(loss=60, minimumRiskScore=4) == 0


def meeting(attenuation: int, minutes: int, day: int = TODAY - 1) -> risk.Exposure:
    receiver, sender = State(), State()
    receive(receiver, sender, day * 86_400 + 36_000, minutes * 60, attenuation)
    [match] = find([[PublishedKey(key, 1) for key in sender.keys]], receiver.received)
    return risk.exposure(match, TODAY, DEFAULT)


@pytest.mark.parametrize(
    ("attenuation", "expected"),
    [(50, (1200, 0, 0)), (51, (0, 1200, 0)), (62, (0, 1200, 0)), (63, (0, 0, 1200))],
)
def test_time_is_counted_at_the_distance_that_the_thresholds_give(attenuation, expected):
    one = meeting(attenuation, 20)

    assert (one.immediate_seconds, one.near_seconds, one.far_seconds) == expected


@pytest.mark.parametrize(("minutes", "notified"), [(14, []), (15, [TODAY - 1]), (40, [TODAY - 1])])
def test_fifteen_minutes_near_lead_to_a_notification_and_fourteen_do_not(minutes, notified):
    assert risk.days_of_notification([meeting(45, minutes)], DEFAULT) == notified


def test_time_far_away_never_leads_to_a_notification():
    assert risk.days_of_notification([meeting(63, 600)], DEFAULT) == []


def test_short_meetings_of_one_day_add_up_and_those_of_two_days_do_not():
    assert risk.days_of_notification([meeting(45, 8), meeting(60, 8)], DEFAULT) == [TODAY - 1]
    assert risk.days_of_notification([meeting(45, 8), meeting(45, 8, TODAY - 2)], DEFAULT) == []


def test_a_day_without_a_score_leads_to_no_notification():
    assert risk.days_of_notification([meeting(45, 60, TODAY - 14)], DEFAULT) == []
    assert risk.days_of_notification([meeting(45, 60, TODAY - 13)], DEFAULT) == [TODAY - 13]


def test_the_weights_of_the_file_are_not_used():
    weightless = {**configuration.DEFAULT, "attenuationWeight": 100}

    assert configuration.parse(weightless) == DEFAULT


def test_fifteen_minutes_are_the_default_of_a_file_without_a_duration():
    raw = {name: value for name, value in configuration.DEFAULT.items() if name != "minimumExposureDurationMinutes"}

    assert configuration.parse(raw).minimum_minutes == 15


@pytest.mark.parametrize(
    "change",
    [
        {"attenuationLevelValues": [1] * 7},
        {"durationLevelValues": [9] * 8},
        {"durationLevelValues": [True] * 8},
        {"daysSinceLastExposureLevelValues": "11111111"},
        {"transmissionRiskLevelValues": None},
        {"attenuationDurationThresholds": [62, 50]},
        {"attenuationDurationThresholds": [50, 101]},
        {"minimumRiskScore": "1"},
        {"minimumRiskScore": 4097},
        {"minimumExposureDurationMinutes": 101},
        {"transmissionRiskWeight": 101},
        {"decommissioned": 1},
    ],
)
def test_a_configuration_with_a_wrong_field_is_refused(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        configuration.parse({**configuration.DEFAULT, **change})


@pytest.mark.parametrize("name", sorted(set(configuration.DEFAULT) - {"minimumExposureDurationMinutes"}))
def test_a_configuration_without_a_field_is_refused(name):
    raw = {field: value for field, value in configuration.DEFAULT.items() if field != name}

    with pytest.raises(ValueError, match=f"{name}: is missing"):
        configuration.parse(raw)


def test_the_configuration_that_the_server_ships_is_accepted():
    shipped = ROOT / "app" / "retrieval" / "exposure_configuration" / "CA.json"

    assert configuration.parse(json.loads(shipped.read_text())) == DEFAULT


def test_a_decommissioned_service_stops_the_phone():
    with pytest.raises(DecommissionedError):
        configuration.parse({**configuration.DEFAULT, "decommissioned": True})


def test_a_file_that_apps_refuse_does_not_stop_the_phone():
    with pytest.raises(ValueError, match="is missing"):
        configuration.parse({"decommissioned": True})
