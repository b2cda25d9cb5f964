"""Which archives a phone asks for, and how."""

import pytest

from clients.phone import schedule

TODAY = 18_458


def test_the_first_check_asks_for_the_bundle_and_for_today():
    assert schedule.periods_to_fetch(TODAY, None) == [0, TODAY]


def test_a_check_on_the_same_day_asks_for_that_day_again():
    assert schedule.periods_to_fetch(TODAY, TODAY) == [TODAY]


def test_a_check_after_three_days_goes_back_to_the_day_of_the_last_one():
    assert schedule.periods_to_fetch(TODAY, TODAY - 3) == [TODAY, TODAY - 1, TODAY - 2, TODAY - 3]


@pytest.mark.parametrize("away", [13, 14, 15, 400])
def test_a_phone_that_was_off_for_long_asks_for_fourteen_days(away):
    periods = schedule.periods_to_fetch(TODAY, TODAY - away)

    assert periods == list(range(TODAY, TODAY - 14, -1))


def test_a_phone_whose_clock_went_back_a_day_asks_for_nothing_as_the_public_app_does():
    assert schedule.periods_to_fetch(TODAY, TODAY + 1) == []


def test_the_path_holds_the_mac_of_the_public_apps_vector():
    path = schedule.retrieval_path(0, 442_990 * 3_600 + 59, bytes.fromhex("aa" * 32))

    assert path == "/retrieve/302/00000/c1e63cf0b55f8b2eea9fb12641b9073511f888f130b239305d6d1cc0153b3d93"


def test_the_bundle_covers_fifteen_whole_days_before_today():
    assert schedule.expected_bounds(0, TODAY) == ((TODAY - 15) * 86_400, TODAY * 86_400)


def test_a_period_covers_its_day():
    assert schedule.expected_bounds(TODAY - 2, TODAY) == ((TODAY - 2) * 86_400, (TODAY - 1) * 86_400)
