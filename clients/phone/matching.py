"""Finding, among the identifiers that a phone has received, those of published keys.

The phone derives the identifiers of every published key and looks them up in those that it received: nothing about the
people near it ever leaves it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clients.phone.archive import PublishedKey
from clients.phone.crypto import crypt_metadata, identifiers, transmit_power

# A phone's clock may be wrong; the public implementation allows an identifier two hours before and after its interval
# (google/exposure-notifications-internals, ContactTracingFeature.tkMatchingClockDriftRollingPeriods). Without a bound,
# anyone who records an identifier could replay it once its key is public.
CLOCK_DRIFT_INTERVALS = 12


@dataclass(frozen=True, slots=True)
class Reception:
    """A received identifier: its interval, how many seconds of it, and the signal strength (`rssi`, in dBm)."""

    rpi: bytes
    encrypted_metadata: bytes
    interval: int
    seconds: int
    rssi: int


@dataclass(frozen=True, slots=True)
class Match:
    """A published key and what the phone received of it."""

    published: PublishedKey
    receptions: tuple[Reception, ...]


def find(files: Sequence[Sequence[PublishedKey]], received: Iterable[Reception]) -> list[Match]:
    """Return the keys of several files that the phone received; a key that is in two of them counts once."""
    by_rpi: defaultdict[bytes, list[Reception]] = defaultdict(list)
    for reception in received:
        by_rpi[reception.rpi].append(reception)
    keys = {published.key.key_data: published for file in files for published in file}
    matches = (Match(key, _receptions_of(key, by_rpi)) for key in keys.values())
    return [match for match in matches if match.receptions]


def within_drift(reception: Reception, interval: int) -> bool:
    """Return whether an identifier was received near enough to the interval in which it was broadcast."""
    return abs(reception.interval - interval) <= CLOCK_DRIFT_INTERVALS


def attenuation(key_data: bytes, reception: Reception) -> int:
    """Return the signal loss in dB: the transmit power in the decrypted metadata less the received strength."""
    return transmit_power(crypt_metadata(key_data, reception.rpi, reception.encrypted_metadata)) - reception.rssi


def _receptions_of(published: PublishedKey, by_rpi: dict[bytes, list[Reception]]) -> tuple[Reception, ...]:
    key = published.key
    return tuple(
        reception
        for interval, rpi in enumerate(identifiers(key), start=key.start)
        for reception in by_rpi.get(rpi, ())
        if within_drift(reception, interval)
    )
