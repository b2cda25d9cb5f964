"""Selectors of counters, and what is counted for objectives in a minute."""

import pytest

from app.domain.objectives import Matcher, Objective, Selector, SeriesKey, count_minute

TITLES = {"en": "Codes", "fr": "Codes"}


def objective(name: str, good: str, total: str) -> Objective:
    return Objective(name, "issuing", TITLES, Selector.parse(good), Selector.parse(total), 0.999, 28)


def series(metric: str, **labels: str) -> SeriesKey:
    return metric, tuple(sorted(labels.items()))


AVAILABILITY = objective(
    "codes-availability",
    'requests_total{route=~"/new-key-claim(/.*)?", status!="5xx"}',
    'requests_total{route=~"/new-key-claim(/.*)?"}',
)
LATENCY = objective("codes-latency", 'seconds_bucket{le="0.5"}', 'seconds_bucket{le="+Inf"}')


def test_increments_of_all_series_that_match_are_added() -> None:
    increments = {
        series("requests_total", route="/new-key-claim", status="2xx"): 7.0,
        series("requests_total", route="/new-key-claim/<hash_id:hash_id>", status="4xx"): 2.0,
        series("requests_total", route="/new-key-claim", status="5xx"): 3.0,
        series("requests_total", route="/upload", status="5xx"): 50.0,
        series("other_total", route="/new-key-claim", status="2xx"): 50.0,
    }
    assert count_minute([AVAILABILITY], increments) == {"codes-availability": (9, 12)}


def test_a_bucket_is_compared_with_the_bucket_of_all() -> None:
    increments = {
        series("seconds_bucket", le="0.25"): 1.0,
        series("seconds_bucket", le="0.5"): 4.0,
        series("seconds_bucket", le="+Inf"): 5.0,
    }
    assert count_minute([LATENCY], increments) == {"codes-latency": (4, 5)}


def test_an_objective_without_events_is_left_out() -> None:
    assert count_minute([AVAILABILITY, LATENCY], {}) == {}
    assert count_minute([AVAILABILITY], {series("requests_total", route="/new-key-claim", status="2xx"): 0.0}) == {}


def test_a_single_event_is_counted() -> None:
    assert count_minute([LATENCY], {series("seconds_bucket", le="+Inf"): 1.0}) == {"codes-latency": (0, 1)}


def test_good_events_never_exceed_all_events() -> None:
    increments = {series("seconds_bucket", le="0.5"): 6.0, series("seconds_bucket", le="+Inf"): 5.0}
    assert count_minute([LATENCY], increments) == {"codes-latency": (5, 5)}


def test_increments_that_floats_made_inexact_are_rounded() -> None:
    parts = {series("seconds_bucket", le="0.5", part=str(n)): 0.1 for n in range(30)}
    parts |= {series("seconds_bucket", le="+Inf", part=str(n)): 0.1 for n in range(30)}
    assert count_minute([LATENCY], parts) == {"codes-latency": (3, 3)}


@pytest.mark.parametrize(
    ("text", "labels", "matches"),
    [
        ('m{a="x"}', {"a": "x"}, True),
        ('m{a="x"}', {"a": "xx"}, False),
        ('m{a="x.z"}', {"a": "xyz"}, False),
        ('m{a!="x"}', {"a": "y"}, True),
        ('m{a!="x"}', {}, True),
        ('m{a=""}', {}, True),
        ('m{a=~"x|y"}', {"a": "y"}, True),
        ('m{a=~"x"}', {"a": "xy"}, False),
        ('m{a!~"x.*"}', {"a": "xy"}, False),
        ('m{a="x", b="y"}', {"a": "x"}, False),
        ("m", {"a": "x"}, True),
    ],
)
def test_labels_match_as_in_prometheus(text: str, labels: dict[str, str], matches: bool) -> None:
    assert Selector.parse(text).matches(labels) is matches


def test_a_selector_is_written_as_it_was_read() -> None:
    selector = Selector("requests_total", (Matcher("route", "=~", "/qr/.*"), Matcher("status", "!=", "5xx")))
    assert str(selector) == 'requests_total{route=~"/qr/.*",status!="5xx"}'
    assert Selector.parse(str(selector)) == selector
    assert Selector.parse(str(Selector("requests_total"))) == Selector("requests_total")


@pytest.mark.parametrize(
    "text",
    ["", "1m", "m{", 'm{a="x" b="y"}', "m{a=x}", 'm{a="x\\"y"}', 'm{a=~"("}', 'm{a="x"}[5m]', "sum(m)", 'm{,a="x"}'],
)
def test_a_text_that_is_not_a_selector_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a (selector|label|regular expression)|comma|is not a"):
        Selector.parse(text)
