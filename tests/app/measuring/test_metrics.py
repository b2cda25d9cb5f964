"""`/metrics`: who may read it, its formats, and what it holds (app/measuring/views.py, exposition.py)."""

from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from app.config import STATUS
from app.measuring.flush import Flusher
from app.measuring.increments import IncrementStore
from app.measuring.instruments import FAMILIES, PREFIX, Instruments
from tests.support.service import Service, bearer

TOKEN = "the-token-of-metrics-0123456789-0"
EVERYTHING = f"submission,retrieval,{STATUS}"
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@pytest.fixture
def measured(make_service: Callable[..., Service]) -> Service:
    """A service with `/metrics` that also serves status."""
    return make_service(METRICS_TOKEN=TOKEN, SURFACES=EVERYTHING)


def values(text: str, parser: Any = parse) -> dict[tuple[str, ...], float]:
    """Return the values of all series by the name and the labels, which must be unique."""
    samples = [sample for family in parser(text) for sample in family.samples]
    found = {(sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value for sample in samples}
    assert len(found) == len(samples)
    return found


def scrape(service: Service) -> dict[tuple[str, ...], float]:
    answer = service.client.get("/metrics", headers=bearer(TOKEN))
    assert answer.status_code == 200
    return values(answer.text)


def test_without_a_token_in_the_settings_there_is_no_such_page(service: Service) -> None:
    answer = service.client.get("/metrics", headers=bearer(""))
    assert (answer.status_code, answer.text) == (404, "404 page not found\n")


@pytest.mark.parametrize(
    "headers", [{}, bearer("another-token"), {"Authorization": f"Basic {TOKEN}"}, bearer(TOKEN.upper()), bearer("")]
)
def test_only_the_token_opens_it(measured: Service, headers: dict[str, str]) -> None:
    assert measured.client.get("/metrics", headers=headers).status_code == 401


def test_it_answers_to_get_alone(measured: Service) -> None:
    assert measured.client.post("/metrics", headers=bearer(TOKEN)).status_code == 401


def test_it_is_not_to_be_stored(measured: Service) -> None:
    answer = measured.client.get("/metrics", headers=bearer(TOKEN))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.content_type.startswith("text/plain; version=")


def test_openmetrics_is_given_on_request(measured: Service) -> None:
    measured.pair()
    answer = measured.client.get("/metrics", headers=bearer(TOKEN) | {"Accept": OPENMETRICS})
    assert answer.content_type.startswith("application/openmetrics-text; version=1.0.0")
    assert values(answer.text, parse_openmetrics)[("exposure_alert_claims_total", "claimed")] == 1


def count_as_a_worker(service: Service) -> None:
    """Count jobs and checks as a worker does, and flush."""
    instruments = Instruments()
    flusher = Flusher(instruments, IncrementStore(service.app.context.redis), add_to_totals=True)
    instruments.count_job("purge", 0.3, succeeded=True)
    instruments.count_job("purge", 3.0, succeeded=False)
    instruments.count_check("redis", good=True)
    assert flusher.flush()


def test_status_also_gives_the_numbers_of_workers(measured: Service) -> None:
    count_as_a_worker(measured)
    redis = measured.app.context.redis
    IncrementStore(redis).set_gauges({"archive_age_seconds": 12.5, "unknown": 1})
    totals = redis.hgetall("metrics:totals")
    redis.delete("metrics:totals")
    redis.hset("metrics:totals", mapping=dict(reversed(totals.items())))  # Redis keeps no order
    found = scrape(measured)
    limits = [float(series[-1]) for series in found if series[0] == "exposure_alert_job_duration_seconds_bucket"]
    assert limits == sorted(limits)
    assert found[("exposure_alert_jobs_total", "purge", "succeeded")] == 1
    assert found[("exposure_alert_jobs_total", "purge", "failed")] == 1
    assert found[("exposure_alert_checks_total", "redis", "good")] == 1
    assert found[("exposure_alert_job_duration_seconds_bucket", "purge", "1.0")] == 1
    assert found[("exposure_alert_job_duration_seconds_bucket", "purge", "+Inf")] == 2
    assert found[("exposure_alert_job_duration_seconds_sum", "purge")] == 3.3
    assert found[("exposure_alert_archive_age_seconds",)] == 12.5


def test_other_surfaces_give_only_their_own(make_service: Callable[..., Service]) -> None:
    service = make_service(METRICS_TOKEN=TOKEN)
    count_as_a_worker(service)
    assert [name for name in scrape(service) if "job" in name[0]] == []


def test_without_redis_status_gives_its_own(make_service: Callable[..., Service]) -> None:
    service = make_service(METRICS_TOKEN=TOKEN, SURFACES=EVERYTHING)
    service.app.context.redis.connection_pool.connection_kwargs["port"] = 1
    service.app.context.redis.connection_pool.disconnect()
    scrape(service)
    assert scrape(service)[("exposure_alert_requests_total", "GET", "/metrics", "2xx", "common")] == 1


def test_every_family_has_a_name_of_the_table(measured: Service) -> None:
    count_as_a_worker(measured)
    measured.pair()
    answer = measured.client.get("/metrics", headers=bearer(TOKEN))
    exposed = {family.name for family in parse(answer.text)}
    assert exposed <= {(PREFIX + family.name).removesuffix("_total") for family in FAMILIES}
    assert len(exposed) > 8
