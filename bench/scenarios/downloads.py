"""Downloads of archives: an empty day, a usual day, the bundle of all days, and an unchanged day."""

import functools
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from app.domain.errors import InvalidArchiveError
from app.domain.exports import BUNDLE_PERIOD
from app.domain.limits import MAX_KEYS_PER_UPLOAD, SERVED_DAYS
from bench import patients, wrk
from bench.context import Bench
from bench.figures import Contender, Figures, Goal, Row, alternate, share_of_floor
from bench.floors import nginx
from bench.target import Answer, Skipped, Target, keys_in, request, today
from bench.usage import Watched, with_usage

NGINX: Final = "nginx"
BUNDLE_OF_DAYS: Final = 14  # with keys, on our own server

_GOAL: Final = share_of_floor(0.5)
_OK, _NOT_MODIFIED = 200, 304
_FILE: Final = "archive.zip"
_PUBLICATION_SECONDS: Final = 300  # a server that builds ahead publishes new keys after about a minute


@dataclass(frozen=True)
class _Found:
    """A period of a server that fits a scenario."""

    period: int
    answer: Answer
    keys: int


def empty_day(bench: Bench) -> list[Row]:
    """Download a day without keys."""
    return _download(bench, "download of an empty day", 0)


def usual_day(bench: Bench) -> list[Row]:
    """Download a day of the usual number of keys."""
    return _download(bench, f"download of {bench.options.keys_per_day:,} keys", bench.options.keys_per_day)


def bundle(bench: Bench) -> list[Row]:
    """Download the bundle of the past fourteen days."""
    keys = BUNDLE_OF_DAYS * bench.options.keys_per_day
    return _download(bench, f"download of the bundle, {keys:,} keys", keys, is_bundle=True)


def unchanged(bench: Bench) -> list[Row]:
    """Request a day with its entity tag, and get 304."""
    return _download(bench, "download unchanged (304)", bench.options.keys_per_day, is_known=True)


def _download(bench: Bench, scenario: str, keys: int, *, is_bundle: bool = False, is_known: bool = False) -> list[Row]:
    if not wrk.is_installed():
        return [Row(scenario, server.name, skipped="wrk is not installed") for server in bench.servers]
    found: dict[str, _Found] = {}
    skipped: dict[str, str] = {}
    for server in bench.servers:
        try:
            found[server.name] = _find_bundle(server, keys) if is_bundle else _find_day(server, keys)
            if is_known:
                _check_known(server, found[server.name])
        except (Skipped, InvalidArchiveError, OSError) as reason:
            skipped[server.name] = str(reason)
    measured = _measure(bench, found, is_known=is_known)
    return _rows(bench, scenario, found, skipped, measured, None if is_known else _GOAL)


def _measure(bench: Bench, found: Mapping[str, _Found], *, is_known: bool) -> dict[str, Figures]:
    if not found:
        return {}
    contenders = [
        _server(bench, server, found[server.name], is_known=is_known)
        for server in bench.servers
        if server.name in found
    ]
    if not nginx.is_installed():
        return alternate(contenders, bench.options.rounds)
    body = next(iter(found.values())).answer.body
    with nginx.serving({_FILE: body}) as server:
        etag = request(server.url, "GET", f"/{_FILE}").headers["etag"] if is_known else ""
        target = Target(NGINX, server.url, server.url, "", b"", watched=Watched((server.pid,)))
        floor = _contender(bench, target, f"{server.url}/{_FILE}", etag, body)
        return alternate([floor, *contenders], bench.options.rounds)


def _server(bench: Bench, server: Target, found: _Found, *, is_known: bool) -> Contender:
    url = server.retrieval_url + server.retrieval_path(found.period)
    return _contender(bench, server, url, found.answer.headers["etag"] if is_known else "", found.answer.body)


def _contender(bench: Bench, server: Target, url: str, etag: str, body: bytes) -> Contender:
    headers = {"If-None-Match": etag} if etag else {}
    length = None if etag else len(body)

    def measure() -> Figures:
        load = wrk.Load(bench.options.seconds)
        return with_usage(server.watched, lambda: wrk.get_repeatedly(url, load, headers, length))

    if bench.options.warm_up_seconds:
        wrk.get_repeatedly(url, wrk.Load(bench.options.warm_up_seconds), headers)
    return Contender(server.name, measure)


def _rows(
    bench: Bench,
    scenario: str,
    found: Mapping[str, _Found],
    skipped: Mapping[str, str],
    measured: Mapping[str, Figures],
    goal: Goal | None,
) -> list[Row]:
    rows = []
    first = measured.get(bench.servers[0].name)
    for server in bench.servers:
        if server.name in skipped:
            rows.append(Row(scenario, server.name, skipped=skipped[server.name]))
            continue
        archive = found[server.name]
        parts = {"keys": archive.keys, "bytes": len(archive.answer.body)}
        figures = replace(measured[server.name], parts=parts)
        rows.append(Row(scenario, server.name, figures, NGINX, measured.get(NGINX), goal, first))
    return rows


def _find_day(server: Target, keys: int) -> _Found:
    """Return the day, today included, whose number of keys is nearest to `keys`."""
    stored = _keys_of_days(server)
    if not stored:
        raise Skipped("it serves no day")
    nearest = _look(server, min(stored, key=lambda day: abs(stored[day] - keys)))
    if nearest is None:
        raise Skipped("it no longer serves the day")
    if keys and nearest.keys < keys // 2:
        return _fill_today(server, keys)
    if not keys and nearest.keys:
        raise Skipped("it has no day without keys")
    return nearest


@functools.cache
def _keys_of_days(server: Target) -> Mapping[int, int]:
    """Return the number of keys of each day that a server serves. Past days do not change."""
    days = [_look(server, today() - back) for back in range(SERVED_DAYS + 1)]
    return {day.period: day.keys for day in days if day is not None}


def _find_bundle(server: Target, keys: int) -> _Found:
    found = _look(server, BUNDLE_PERIOD)
    if found is None:
        raise Skipped("it serves no bundle")
    if found.keys < keys // 2:
        raise Skipped(f"its bundle holds {found.keys:,} keys; past days can only be filled in its database")
    return found


def _look(server: Target, period: int) -> _Found | None:
    answer = server.fetch(period)
    return _Found(period, answer, keys_in(answer.body)) if answer.status == _OK else None


def _fill_today(server: Target, keys: int) -> _Found:
    """Upload keys, and wait until the server publishes them."""
    pairs = patients.claim_pairs(server, -(-keys // MAX_KEYS_PER_UPLOAD))
    patients.send_uploads(server, pairs, MAX_KEYS_PER_UPLOAD)
    deadline = time.monotonic() + _PUBLICATION_SECONDS
    while time.monotonic() < deadline:
        found = _look(server, today())
        if found is not None and found.keys >= keys:
            return found
        time.sleep(1)
    raise Skipped("it does not publish the keys that were uploaded to it")


def _check_known(server: Target, found: _Found) -> None:
    if "etag" not in found.answer.headers:
        raise Skipped("it sends no entity tag")
    headers = {"If-None-Match": found.answer.headers["etag"]}
    if request(server.retrieval_url, "GET", server.retrieval_path(found.period), None, headers).status != _NOT_MODIFIED:
        raise Skipped("it sends the archive again")


def some_day(server: Target, keys: int) -> int:
    """Return a day of about `keys` keys."""
    return _find_day(server, keys).period
