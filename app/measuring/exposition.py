"""The text of `/metrics`: what the web processes of this server counted, and on status what workers and clocks did."""

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from redis import Redis
from redis.exceptions import RedisError

from app.domain.objectives import SeriesKey
from app.measuring.folder import FOLDER, files_of_processes, is_joined
from app.measuring.increments import IncrementStore
from app.measuring.instruments import FAMILIES, PREFIX, Instruments, Kind

_logger = logging.getLogger(__name__)

_SUFFIX: Final = "_total"


class _Collected:
    """A collector of metrics that were read before."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


def exposition(instruments: Instruments, redis: Redis | None, accept: str) -> tuple[bytes, str]:
    """Return the metrics and their content type, as OpenMetrics if `accept`, a field of the request, asks for it.

    With `redis`, what processes without `/metrics` counted is included; while Redis is unavailable, it is missing.
    """
    registry = CollectorRegistry()
    registry.register(_Collected(_combined(_own(instruments), _of_others(redis) if redis else [])))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def _own(instruments: Instruments) -> Iterable[Metric]:
    if not is_joined():
        return instruments.registry.collect()
    files = files_of_processes(Path(os.environ[FOLDER]))
    merged: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
    return merged


def _of_others(redis: Redis) -> list[Metric]:
    store = IncrementStore(redis)
    try:
        return metrics_from(store.totals(), store.gauges())
    except RedisError:
        _logger.exception("metrics of workers not read: Redis unreachable")
        return []


def metrics_from(totals: Mapping[SeriesKey, float], gauges: Mapping[str, float]) -> list[Metric]:
    """Return the metrics of stored series. Those of families that this release does not have are left out."""
    metrics = []
    for family in FAMILIES:
        name = PREFIX + family.name
        metric = Metric(name.removesuffix(_SUFFIX), family.meaning, family.kind.value)
        if family.kind is Kind.GAUGE and family.name in gauges:
            metric.add_sample(name, {}, gauges[family.name])
        for sample, labels, value in sorted(_series_of(name, family.kind, totals), key=_order):
            metric.add_sample(sample, dict(labels), value)
        if metric.samples:
            metrics.append(metric)
    return metrics


def _series_of(
    name: str, kind: Kind, totals: Mapping[SeriesKey, float]
) -> Iterator[tuple[str, tuple[tuple[str, str], ...], float]]:
    names = {name} if kind is Kind.COUNTER else {f"{name}_bucket", f"{name}_count", f"{name}_sum"}
    return ((sample, labels, value) for (sample, labels), value in totals.items() if sample in names)


def _order(series: tuple[str, tuple[tuple[str, str], ...], float]) -> tuple[object, ...]:
    """Return the key that sorts samples by their labels, and the buckets of a histogram by their limit."""
    sample, labels, _ = series
    others = tuple(label for label in labels if label[0] != "le")
    return others, sample, float(dict(labels).get("le", "inf"))


def _combined(own: Iterable[Metric], others: Iterable[Metric]) -> Iterable[Metric]:
    """Return one metric for each family: what workers and clocks count, no web process counts."""
    return {metric.name: metric for metric in (*own, *others)}.values()
