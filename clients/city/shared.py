"""Reading and matching for many phones in one process.

Every phone of the city gets the same archives, so each is verified, parsed and expanded into identifiers once. What a
phone finds is the same as with `clients.phone.matching.find`, which a test compares.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from clients.phone import archive, matching
from clients.phone.archive import Archive, PublishedKey
from clients.phone.crypto import identifiers

_ARCHIVES_KEPT = 8

Name = TypeVar("Name")
Kept = TypeVar("Kept")


class SharedReader:
    """Verifies every distinct archive once; an archive is distinct if one byte differs."""

    def __init__(self, public_key: EllipticCurvePublicKey) -> None:
        """Verify with a key."""
        self._public_key = public_key
        self._by_body: OrderedDict[bytes, Archive] = OrderedDict()
        self._by_export: OrderedDict[bytes, Archive] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, body: bytes) -> Archive:
        """Read an archive."""
        digest = hashlib.sha256(body).digest()
        known = self._by_body.get(digest)
        if known is not None:
            return known
        export = archive.verified_export(body, self._public_key)
        with self._lock:
            # The same content signed twice is one archive: its signature differs, its keys do not.
            parsed = self._by_export.get(key := hashlib.sha256(export).digest()) or archive.parse(export)
            _keep(self._by_export, key, parsed)
            _keep(self._by_body, digest, parsed)
        return parsed


class SharedIndex:
    """Finds received identifiers among those of all keys that any phone has read."""

    def __init__(self) -> None:
        """Start without any key."""
        self._by_rpi: dict[bytes, tuple[PublishedKey, int]] = {}
        self._indexed: set[bytes] = set()
        self._members: OrderedDict[int, tuple[Sequence[PublishedKey], frozenset[bytes]]] = OrderedDict()
        self._lock = threading.Lock()

    def find(
        self, files: Sequence[Sequence[PublishedKey]], received: Iterable[matching.Reception]
    ) -> list[matching.Match]:
        """Return what `clients.phone.matching.find` returns."""
        members = [self._members_of(file) for file in files]
        found: dict[bytes, tuple[PublishedKey, list[matching.Reception]]] = {}
        for reception in received:
            hit = self._by_rpi.get(reception.rpi)
            if hit is None:
                continue
            published, interval = hit
            key_data = published.key.key_data
            if matching.within_drift(reception, interval) and any(key_data in keys for keys in members):
                found.setdefault(key_data, (published, []))[1].append(reception)
        return [matching.Match(published, tuple(receptions)) for published, receptions in found.values()]

    def _members_of(self, file: Sequence[PublishedKey]) -> frozenset[bytes]:
        """Return the keys of a file; those of a shared archive, which is one tuple for all, are remembered."""
        known = self._members.get(id(file))
        if known is not None and known[0] is file:
            return known[1]
        keys = frozenset(published.key.key_data for published in file)
        with self._lock:
            for published in file:
                self._index(published)
            if isinstance(file, tuple):
                _keep(self._members, id(file), (file, keys))
        return keys

    def _index(self, published: PublishedKey) -> None:
        if published.key.key_data in self._indexed:
            return
        for interval, rpi in enumerate(identifiers(published.key), start=published.key.start):
            self._by_rpi[rpi] = (published, interval)
        self._indexed.add(published.key.key_data)


def _keep(kept: OrderedDict[Name, Kept], key: Name, value: Kept) -> None:
    kept[key] = value
    while len(kept) > _ARCHIVES_KEPT:
        kept.popitem(last=False)
