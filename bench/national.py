"""A day of a country's downloads through a CDN: how many requests reach the bucket, and how many the service.

    python -m bench.national --downloads 200000000

An edge of the CDN keeps an archive for an hour (`max-age=3600`) and then revalidates it. Downloads arrive at random,
more by day than by night. Of such a stream only the requests that miss matter, so the simulation draws the time of each
miss, not of each request: the first request of an archive at an edge, and the first after its copy has expired. Within
the clock's hour a phone asks with the hour's code; some clocks are an hour off.

The simulation assumes what CloudFront documents: edges that are filled by a regional cache, one request at a time for
an object. `tests/deploys/test_downloads_without_the_service.py` compares `count_misses` with nginx.
"""

import argparse
import random
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

SECONDS_PER_HOUR: Final = 3600
MAX_AGE_SECONDS: Final = 3600
# Requests by hour of the day, as a share of the day: phones wake in the morning, and are used until late.
HOURLY: Final = (1, 1, 1, 1, 1, 2, 4, 6, 7, 7, 6, 6, 6, 6, 6, 6, 6, 6, 6, 5, 4, 3, 2, 1)
# Of a thousand requests, how many have the code of the hour before, of this hour, and of the next.
CLOCKS: Final = (2, 996, 2)
PERIODS: Final = 16


@dataclass(frozen=True)
class Country:
    """What a day consists of. `edges` have caches of their own, which `regional` caches fill."""

    downloads: int
    edges: int = 40
    regional: int = 2
    wrong_clocks: int = 20  # of a million requests, those whose clock is off by more than an hour: an assumption


@dataclass(frozen=True)
class Day:
    """Requests that reached each level in a day."""

    downloads: int
    misses_of_edges: int
    bucket: int
    service: int


def count_misses(requests: Iterable[tuple[float, Hashable, Hashable]]) -> int:
    """Return how many requests (second, edge, path), in the order of time, an edge has to pass on."""
    expiry: dict[tuple[Hashable, Hashable], float] = {}
    missed = 0
    for second, edge, path in requests:
        if second >= expiry.get((edge, path), float("-inf")):
            missed += 1
            expiry[edge, path] = second + MAX_AGE_SECONDS
    return missed


def miss_times(rates: list[float], begin: float, source: random.Random) -> Iterator[float]:
    """Yield the seconds of misses of one path at one edge, from requests per second in each successive hour."""
    second, end = begin, begin + len(rates) * SECONDS_PER_HOUR
    while second < end:
        rate = rates[int((second - begin) // SECONDS_PER_HOUR)]
        hour_ends = begin + ((second - begin) // SECONDS_PER_HOUR + 1) * SECONDS_PER_HOUR
        arrival = second + source.expovariate(rate) if rate > 0 else hour_ends
        if arrival >= hour_ends:
            second = hour_ends  # arrivals are memoryless, so each hour can be drawn alone, with its own rate
            continue
        yield arrival
        second = arrival + MAX_AGE_SECONDS


def simulate(country: Country) -> Day:
    """Return the requests of a day at each level."""
    source = random.Random(1)  # noqa: S311 - a simulation
    filled: Counter[str] = Counter()
    for code_hour in range(-1, 25):
        rates = [_rate(country, code_hour, code_hour + near) for near in (-1, 0, 1)]
        begin = (code_hour - 1) * SECONDS_PER_HOUR
        for _ in range(PERIODS):
            misses = sorted(
                (second, edge % country.regional)
                for edge in range(country.edges)
                for second in miss_times(rates, begin, source)
            )
            filled["edges"] += len(misses)
            filled["bucket"] += count_misses((second, region, 0) for second, region in misses)
    service = round(country.downloads * country.wrong_clocks / 1_000_000)
    return Day(country.downloads, filled["edges"], filled["bucket"] + service, service)


def _rate(country: Country, code_hour: int, hour: int) -> float:
    """Return requests per second, at one edge and of one archive, in an hour, with the code of another hour."""
    if not 0 <= hour < len(HOURLY):
        return 0.0
    in_hour = country.downloads * HOURLY[hour] / sum(HOURLY)
    clocks = CLOCKS[code_hour - hour + 1] / sum(CLOCKS)
    return in_hour * clocks / PERIODS / country.edges / SECONDS_PER_HOUR


def main() -> None:
    """Print a table of days."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--downloads", type=int, nargs="+", default=[20_000_000, 200_000_000], help="in a day")
    parser.add_argument("--edges", type=int, default=Country.edges)
    parser.add_argument("--regional", type=int, default=Country.regional)
    parser.add_argument("--wrong-clocks", type=int, default=Country.wrong_clocks, help="of a million requests")
    words = parser.parse_args()
    print(
        "| downloads in a day | missed at edges | asked of the bucket | asked of the service | share of the service |"
    )
    print("|---|---|---|---|---|")
    for downloads in words.downloads:
        day = simulate(Country(downloads, words.edges, words.regional, words.wrong_clocks))
        share = f"{day.service / day.downloads:.4%}"
        print(f"| {day.downloads:,} | {day.misses_of_edges:,} | {day.bucket:,} | {day.service:,} | {share} |")


if __name__ == "__main__":
    main()
