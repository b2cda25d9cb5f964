"""What a process counts: the table of metric families, and the object that counts.

No label holds a person, an address, a code or a token. The values of each label are bounded, so that no client can
exhaust the memory of a process: a route is the rule of a URL, and a jurisdiction is the label of a token.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, values

from app.domain.objectives import SeriesKey

# Chosen by app/measuring/folder.py alone: the library would take a variable of the environment for it.
values.ValueClass = values.MutexValue
disable_created_metrics()  # type: ignore[no-untyped-call]  # processes that share files have no such time

PREFIX: Final = "exposure_alert_"
UNMATCHED: Final = "unmatched"  # the route of a request that matched none
EVERY_SURFACE: Final = "common"  # of routes that every process has, and of unmatched requests
OTHER: Final = "other"

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_STATUS_CLASSES: Final = {number: f"{number}xx" for number in range(1, 6)}
_POOL_STATES: Final = ("in_use", "idle")
# Of tokens; the rest are counted as `other`.
MAX_JURISDICTIONS: Final = 200


class Kind(StrEnum):
    """The type of a family in Prometheus."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


class ClaimResult(StrEnum):
    """What became of a claim. A refusal concerns what the client sent, a failure the service."""

    CLAIMED = "claimed"
    REFUSED = "refused"
    BANNED = "banned"
    FAILED = "failed"


@dataclass(frozen=True)
class Family:
    """A metric family: its name without the prefix, its labels, what it measures, and a histogram's buckets."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: str
    buckets: tuple[float, ...] = ()


_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
_JOB_SECONDS: Final = (0.05, 0.25, 1.0, 5.0, 30.0, 120.0, 600.0)

FAMILIES: Final = (
    Family("requests_total", Kind.COUNTER, ("surface", "route", "method", "status"), "Requests that were answered"),
    Family(
        "request_duration_seconds", Kind.HISTOGRAM, ("surface", "route"), "Time until the response was ready", _SECONDS
    ),
    Family("claims_total", Kind.COUNTER, ("result",), "Claims of one-time codes, without decoys"),
    Family("codes_issued_total", Kind.COUNTER, ("jurisdiction",), "One-time codes that were issued"),
    Family("codes_claimed_total", Kind.COUNTER, ("jurisdiction",), "One-time codes that were claimed"),
    Family("portal_code_duration_seconds", Kind.HISTOGRAM, (), "Time from the request of a code to its page", _SECONDS),
    Family("jobs_total", Kind.COUNTER, ("job", "result"), "Runs of periodic jobs that ended"),
    Family("job_duration_seconds", Kind.HISTOGRAM, ("job",), "Duration of runs of periodic jobs", _JOB_SECONDS),
    Family("checks_total", Kind.COUNTER, ("check", "result"), "Checks by the monitor"),
    Family("archive_age_seconds", Kind.GAUGE, (), "Time since the most recent check of an archive"),
    Family("purge_lag_seconds", Kind.GAUGE, (), "Time since the last complete purge"),
    Family("queue_lag_seconds", Kind.GAUGE, (), "Age of the oldest job that waits in a queue"),
    Family("queue_failed_jobs", Kind.GAUGE, (), "Failed jobs that Redis still holds"),
    Family("database_pool_connections", Kind.GAUGE, ("state",), "Connections to PostgreSQL of web processes"),
)


class Instruments:
    """The counters of a process. Counting takes microseconds, never waits, and never fails a request."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._counters = {family.name: self._counter(family) for family in _of(Kind.COUNTER)}
        self._histograms = {family.name: self._histogram(family) for family in _of(Kind.HISTOGRAM)}
        (pool,) = (family for family in _of(Kind.GAUGE) if family.labels)
        gauge = Gauge(
            PREFIX + pool.name, pool.meaning, pool.labels, registry=self.registry, multiprocess_mode="livesum"
        )
        self._pool = {state: gauge.labels(state) for state in _POOL_STATES}
        for result in ClaimResult:
            self._counters["claims_total"].labels(result.value)  # so that each exists, as zero, from the start
        # Looking up a series by its labels takes longer than counting.
        self._requests: dict[tuple[str, str, str, int], tuple[Counter, Histogram]] = {}
        self._jurisdictions: set[str] = set()

    def count_request(self, surface: str, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request that was answered with an HTTP status. `route` is the rule of its URL, or UNMATCHED."""
        key = (surface, route, bounded_method(method), status // 100)
        series = self._requests.get(key)
        if series is None:
            series = self._requests[key] = self._request_series(*key)
        counter, histogram = series
        counter.inc()
        histogram.observe(seconds)

    def count_refusal(self, method: str, status: int) -> None:
        """Count a request that the web server refused itself. The time that a slow client took is not recorded."""
        counter, _ = self._request_series(EVERY_SURFACE, UNMATCHED, bounded_method(method), status // 100)
        counter.inc()

    def count_claim(self, result: ClaimResult) -> None:
        """Count a claim."""
        self._counters["claims_total"].labels(result.value).inc()

    def count_issued_code(self, jurisdiction: str) -> None:
        """Count a code that was issued with a token of this label."""
        self._counters["codes_issued_total"].labels(self._bounded(jurisdiction)).inc()

    def count_claimed_code(self, jurisdiction: str) -> None:
        """Count a claim of a code that was issued with a token of this label."""
        self._counters["codes_claimed_total"].labels(self._bounded(jurisdiction)).inc()

    def observe_portal_code(self, seconds: float) -> None:
        """Record how long a person in the portal waited for a code."""
        self._histograms["portal_code_duration_seconds"].observe(seconds)

    def count_job(self, job: str, seconds: float, *, succeeded: bool) -> None:
        """Count a run of a periodic job, by the job's name in the schedule."""
        self._counters["jobs_total"].labels(job, "succeeded" if succeeded else "failed").inc()
        self._histograms["job_duration_seconds"].labels(job).observe(seconds)

    def count_check(self, check: str, *, good: bool) -> None:
        """Count a check by the monitor, by the check's name."""
        self._counters["checks_total"].labels(check, "good" if good else "bad").inc()

    def set_pool_connections(self, by_state: Mapping[str, int]) -> None:
        """Set how many connections to PostgreSQL this process has, by their state."""
        for state, connections in by_state.items():
            self._pool[state].set(connections)

    def totals(self) -> dict[SeriesKey, float]:
        """Return what this process has counted so far, by series; gauges excluded."""
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for metric in self.registry.collect()
            if metric.type != "gauge"
            for sample in metric.samples
        }

    def _request_series(self, surface: str, route: str, method: str, status_class: int) -> tuple[Counter, Histogram]:
        status = _STATUS_CLASSES.get(status_class, OTHER)
        counter = self._counters["requests_total"].labels(surface, route, method, status)
        return counter, self._histograms["request_duration_seconds"].labels(surface, route)

    def _bounded(self, jurisdiction: str) -> str:
        known = self._jurisdictions
        if jurisdiction not in known:
            if len(known) >= MAX_JURISDICTIONS:
                return OTHER
            known.add(jurisdiction)
        return jurisdiction

    def _counter(self, family: Family) -> Counter:
        return Counter(PREFIX + family.name, family.meaning, family.labels, registry=self.registry)

    def _histogram(self, family: Family) -> Histogram:
        name = PREFIX + family.name
        return Histogram(name, family.meaning, family.labels, registry=self.registry, buckets=family.buckets)


def bounded_method(method: str) -> str:
    """Return a method as it is counted: OTHER for one that is not common."""
    return method if method in _METHODS else OTHER


def _of(kind: Kind) -> list[Family]:
    return [family for family in FAMILIES if family.kind is kind]
