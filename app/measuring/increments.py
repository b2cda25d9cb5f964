"""Increments in Redis: one hash for each minute, in which the increments of all processes are added.

A process numbers its batches, and Redis adds a batch only if its number is higher than the last one of the process:
sending a batch again after its answer was lost has no effect. A finished minute is claimed by renaming its hash, so
that increments which arrive later make a new one.
"""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from redis import Redis

from app.domain.objectives import SeriesKey
from app.measuring.instruments import PREFIX

# How long Redis keeps increments of a minute that no worker folds.
LIFETIME_SECONDS: Final = 3 * 3600
_GAUGE_LIFETIME_SECONDS: Final = 180

_MINUTES: Final = "metrics:minutes"  # numbers of the minutes that have a hash, sorted
_CLAIMS: Final = "metrics:claims"  # identifiers of the hashes that were claimed
_TOTALS: Final = "metrics:totals"  # what workers and clocks counted so far
_GAUGES: Final = "metrics:gauges"

# Minutes whose hash has expired are removed by Redis' clock: that of a process may be hours ahead of the others. A user
# of Redis that was created before TIME was used may not call it.
_ADD: Final = """
local sequence, minute, lifetime = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if tonumber(redis.call('GET', KEYS[2]) or '0') >= sequence then return 0 end
redis.call('SET', KEYS[2], sequence, 'EX', lifetime)
for i = 5, #ARGV, 2 do
  redis.call('HINCRBYFLOAT', KEYS[1], ARGV[i], ARGV[i + 1])
  if ARGV[4] == 'totals' then redis.call('HINCRBYFLOAT', KEYS[4], ARGV[i], ARGV[i + 1]) end
end
redis.call('EXPIRE', KEYS[1], lifetime)
redis.call('ZADD', KEYS[3], minute, minute)
local now = redis.pcall('TIME')[1] or minute * 60
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', math.min(minute, math.floor(now / 60)) - lifetime / 60)
redis.call('EXPIRE', KEYS[3], lifetime)
return 1
"""
_CLAIM: Final = """
redis.call('ZREM', KEYS[3], ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('SADD', KEYS[4], ARGV[2])
return 1
"""

# Of histograms, objectives use the buckets, of which that without a limit counts everything.
_NOT_FOR_OBJECTIVES: Final = ("_sum", "_count")

Increments = Mapping[SeriesKey, float]


@dataclass(frozen=True)
class Batch:
    """Increments of a process in one minute of unix time, and the number of the batch, which only grows."""

    sequence: int
    minute: int
    increments: Increments


@dataclass(frozen=True)
class Claim:
    """A hash of a finished minute that was renamed: its minute, and an identifier that is never used again."""

    minute: int
    identifier: str

    def __str__(self) -> str:
        return f"{self.minute}:{self.identifier}"

    @classmethod
    def parse(cls, text: bytes | str) -> "Claim":
        """Return the claim that `str` wrote."""
        minute, _, identifier = _text(text).partition(":")
        return cls(int(minute), identifier)


class IncrementStore:
    """The increments of all processes."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._add = redis.register_script(_ADD)
        self._claim = redis.register_script(_CLAIM)

    def add(self, process: str, batches: Iterable[Batch], *, add_to_totals: bool) -> None:
        """Add batches in the order of their numbers, those that were added before excluded. Raises RedisError.

        After an error the same batches must be given again, and no others with their numbers. `process` is unique.
        `add_to_totals`: for processes without `/metrics` of their own.
        """
        with self._redis.pipeline(transaction=False) as pipeline:
            for batch in batches:
                keys = [_minute_key(batch.minute), f"metrics:process:{process}", _MINUTES, _TOTALS]
                arguments: list[str | int | float] = [
                    batch.sequence,
                    batch.minute,
                    LIFETIME_SECONDS,
                    "totals" if add_to_totals else "",
                ]
                for series, increment in batch.increments.items():
                    if add_to_totals or not series[0].endswith(_NOT_FOR_OBJECTIVES):
                        arguments += [_field(series), increment]
                self._add(keys=keys, args=arguments, client=pipeline)
            pipeline.execute()

    def claim_until(self, end: int) -> list[Claim]:
        """Claim the hashes of all minutes before `end`; return them with those that are still claimed."""
        for member in self._redis.zrangebyscore(_MINUTES, "-inf", f"({end}"):
            claim = Claim(int(_text(member)), uuid.uuid4().hex)
            keys = [_minute_key(claim.minute), _claim_key(claim), _MINUTES, _CLAIMS]
            self._claim(keys=keys, args=[claim.minute, str(claim)])
        return [Claim.parse(member) for member in self._redis.smembers(_CLAIMS)]

    def read(self, claim: Claim) -> dict[SeriesKey, float]:
        """Return the increments of a claimed hash; nothing if it was released."""
        return {_series(field): float(value) for field, value in self._redis.hgetall(_claim_key(claim)).items()}

    def release(self, claim: Claim) -> None:
        """Delete a claimed hash, whose increments are stored elsewhere."""
        with self._redis.pipeline() as pipeline:
            pipeline.delete(_claim_key(claim))
            pipeline.srem(_CLAIMS, str(claim))
            pipeline.execute()

    def totals(self) -> dict[SeriesKey, float]:
        """Return what the processes without `/metrics` have counted so far."""
        return {_series(field): float(value) for field, value in self._redis.hgetall(_TOTALS).items()}

    def set_gauges(self, values: Mapping[str, float]) -> None:
        """Store gauges by the name of their family in place of all before. They expire after three minutes."""
        with self._redis.pipeline() as pipeline:
            pipeline.delete(_GAUGES)
            pipeline.hset(_GAUGES, mapping={name: float(value) for name, value in values.items()})
            pipeline.expire(_GAUGES, _GAUGE_LIFETIME_SECONDS)
            pipeline.execute()

    def gauges(self) -> dict[str, float]:
        """Return the gauges by the name of their family."""
        return {_text(name): float(value) for name, value in self._redis.hgetall(_GAUGES).items()}


def _minute_key(minute: int) -> str:
    return f"metrics:minute:{minute}"


def _claim_key(claim: Claim) -> str:
    return f"metrics:claim:{claim}"


def _text(value: object) -> str:
    return value.decode("ascii") if isinstance(value, bytes) else str(value)


def _field(series: SeriesKey) -> str:
    name, labels = series
    return json.dumps([name.removeprefix(PREFIX), *labels], separators=(",", ":"))


def _series(field: bytes | str) -> SeriesKey:
    name, *labels = json.loads(field)
    return PREFIX + name, tuple((label, value) for label, value in labels)
