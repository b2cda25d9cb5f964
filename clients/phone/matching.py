"""Finding, among the identifiers that a phone has heard, those of published keys.

The phone derives the identifiers of every published key and looks them up in what it heard: nothing about whom it
met ever leaves it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clients.phone.archive import PublishedKey
from clients.phone.crypto import crypt_metadata, identifiers, transmit_power

# A phone's clock may be wrong; the public implementation allows an identifier two hours before and after its interval
# (google/exposure-notifications-internals, ContactTracingFeature.tkMatchingClockDriftRollingPeriods). Without a bound,
# whoever records an identifier could replay it once its key is public.
CLOCK_DRIFT_INTERVALS = 12


@dataclass(frozen=True, slots=True)
class Sighting:
    """An identifier heard: in which interval, for how many seconds of it, and how loud (`rssi`, in dBm)."""

    rpi: bytes
    encrypted_metadata: bytes
    interval: int
    seconds: int
    rssi: int


@dataclass(frozen=True, slots=True)
class Match:
    """A published key and what the phone heard of it."""

    published: PublishedKey
    sightings: tuple[Sighting, ...]


def find(files: Sequence[Sequence[PublishedKey]], heard: Iterable[Sighting]) -> list[Match]:
    """Return the keys that the phone has heard, of several files; a key that is in two of them counts once."""
    by_rpi: defaultdict[bytes, list[Sighting]] = defaultdict(list)
    for sighting in heard:
        by_rpi[sighting.rpi].append(sighting)
    keys = {published.key.key_data: published for file in files for published in file}
    matches = (Match(key, _sightings_of(key, by_rpi)) for key in keys.values())
    return [match for match in matches if match.sightings]


def within_drift(sighting: Sighting, interval: int) -> bool:
    """Tell whether an identifier was heard near enough to the interval in which it was broadcast."""
    return abs(sighting.interval - interval) <= CLOCK_DRIFT_INTERVALS


def attenuation(key_data: bytes, sighting: Sighting) -> int:
    """Return what the air took from the signal, in dB: sent, by the decrypted metadata, less received."""
    return transmit_power(crypt_metadata(key_data, sighting.rpi, sighting.encrypted_metadata)) - sighting.rssi


def _sightings_of(published: PublishedKey, by_rpi: dict[bytes, list[Sighting]]) -> tuple[Sighting, ...]:
    key = published.key
    return tuple(
        sighting
        for interval, rpi in enumerate(identifiers(key), start=key.start)
        for sighting in by_rpi.get(rpi, ())
        if within_drift(sighting, interval)
    )
