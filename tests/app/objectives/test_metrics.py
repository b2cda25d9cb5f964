"""What the objectives select is what the service measures: names, labels, buckets, and the events themselves."""

from collections.abc import Callable, Iterator

import pytest

from app.domain.objectives import Selector, count_minute
from app.measuring.instruments import FAMILIES, PREFIX, ClaimResult, Instruments, Kind
from app.objectives import load_objectives

OBJECTIVES = load_objectives()


def families() -> Iterator[tuple[str, frozenset[str], frozenset[str]]]:
    """Yield the name of each counter, its labels, and the values of `le`."""
    for family in FAMILIES:
        labels = frozenset(family.labels)
        if family.kind is Kind.COUNTER:
            yield PREFIX + family.name, labels, frozenset()
        elif family.kind is Kind.HISTOGRAM:
            limits = frozenset({*map(str, family.buckets), "+Inf"})
            yield f"{PREFIX}{family.name}_bucket", labels | {"le"}, limits


COUNTERS = {name: (labels, limits) for name, labels, limits in families()}
SELECTORS = {f"{each.name} {side}": getattr(each, side) for each in OBJECTIVES for side in ("good", "total")}


@pytest.mark.parametrize("selector", SELECTORS.values(), ids=SELECTORS.keys())
def test_a_selector_names_a_counter_its_labels_and_its_buckets(selector: Selector) -> None:
    labels, limits = COUNTERS[selector.metric]
    assert {matcher.label for matcher in selector.matchers} <= labels
    assert {matcher.value for matcher in selector.matchers if matcher.label == "le"} <= limits


def request(surface: str, route: str, status: int, seconds: float) -> Callable[[Instruments], None]:
    return lambda instruments: instruments.count_request(surface, route, "POST", status, seconds)


CODE = "/new-key-claim"
ARCHIVE = "/retrieve/<digits(3):region>/<digits(5):day>/<anything:auth>"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (request("submission", CODE, 200, 0.4), {"codes-availability": (1, 1), "codes-latency": (1, 1)}),
        (request("submission", CODE, 401, 0.6), {"codes-availability": (1, 1), "codes-latency": (0, 1)}),
        (request("submission", "/code-status", 500, 0.1), {"codes-availability": (0, 1)}),
        (request("submission", "/claim-key", 503, 0.1), {"claims-availability": (0, 1), "claims-latency": (1, 1)}),
        (request("submission", "/upload", 200, 3.0), {"uploads-availability": (1, 1), "uploads-latency": (0, 1)}),
        (request("retrieval", ARCHIVE, 404, 0.25), {"downloads-availability": (1, 1), "downloads-latency": (1, 1)}),
        (request("portal", "/en/code", 200, 9.0), {"portal-availability": (1, 1)}),
        (request("sharing", "/share", 500, 0.1), {"sharing-availability": (0, 1)}),
        (request("common", "/services/ping", 500, 0.1), {}),
        (lambda instruments: instruments.count_claim(ClaimResult.CLAIMED), {"claims-success": (1, 1)}),
        (lambda instruments: instruments.count_claim(ClaimResult.FAILED), {"claims-success": (0, 1)}),
        (lambda instruments: instruments.count_claim(ClaimResult.REFUSED), {}),
        (lambda instruments: instruments.observe_portal_code(1.9), {"portal-codes-latency": (1, 1)}),
        (lambda instruments: instruments.observe_portal_code(2.1), {"portal-codes-latency": (0, 1)}),
        (lambda instruments: instruments.count_check("archive_freshness", good=False), {"archives-freshness": (0, 1)}),
        (lambda instruments: instruments.count_check("purge_lag", good=True), {"purge-timeliness": (1, 1)}),
        (lambda instruments: instruments.count_check("redis", good=False), {}),
        (lambda instruments: instruments.count_job("purge", 0.1, succeeded=False), {"jobs-success": (0, 1)}),
    ],
)
def test_an_event_counts_for_its_objectives(
    event: Callable[[Instruments], None], expected: dict[str, tuple[int, int]]
) -> None:
    instruments = Instruments()
    before = instruments.totals()
    event(instruments)
    increments = {key: value - before.get(key, 0.0) for key, value in instruments.totals().items()}
    assert count_minute(OBJECTIVES, increments) == expected
