"""What padding is made from (app/store/padding_keys.py)."""

from collections.abc import Callable

from app.domain.timeline import hour_number, utc_now
from app.store import padding_keys
from tests.support.service import Service
from tests.support.stored import store_key


def test_a_batch_is_marked_once_and_never_after_a_later_one(make_service: Callable[..., Service]) -> None:
    with make_service().database.transaction() as connection:
        marked = [padding_keys.mark_padded(connection, "302", hour) for hour in (10, 10, 11, 10, 12)]
        other_region = padding_keys.mark_padded(connection, "310", 10)
    assert marked == [True, False, True, False, True]
    assert other_region


def test_after_the_clock_was_set_back_batches_are_padded_again(make_service: Callable[..., Service]) -> None:
    """A batch is padded though a later one was, unless it is released by the present clock."""
    present = hour_number(utc_now())
    with make_service().database.transaction() as connection:
        marked = [padding_keys.mark_padded(connection, "302", present + hours) for hours in (30, 2, 2, -2)]
    assert marked == [True, True, False, False]


def test_a_sample_continues_with_the_first_keys_after_the_last(make_service: Callable[..., Service]) -> None:
    service = make_service()
    for number in (1, 2, 3):
        store_key(service, number << 120, transmission_risk_level=number)
    store_key(service, 4 << 120, region="310")
    with service.database.autocommit() as connection:
        sample = padding_keys.sample_templates(connection, b"\3", "302", 2)
        everything = padding_keys.sample_templates(connection, b"\xff" * 16, "302", 10)
    assert [template.transmission_risk_level for template in sample] == [3, 1]
    assert [template.transmission_risk_level for template in everything] == [1, 2, 3]


def test_the_templates_of_an_hour_are_its_keys_in_the_region_up_to_a_number(
    make_service: Callable[..., Service],
) -> None:
    service = make_service()
    for number, hour, region in ((1, 10, "302"), (2, 10, "302"), (3, 10, "302"), (4, 11, "302"), (5, 10, "310")):
        store_key(service, number, hour_of_submission=hour, region=region, transmission_risk_level=number)
    with service.database.autocommit() as connection:
        found = [padding_keys.templates_of_hour(connection, 10, "302", number) for number in (2, 9)]
    assert [[template.transmission_risk_level for template in each] for each in found] == [[1, 2], [1, 2, 3]]
