"""What a phone remembers, in one JSON file.

The file holds secrets of the person (daily keys, received identifiers), so only its owner can read it. It is replaced
in one step: a phone that is killed while it writes keeps its old file.
"""

import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clients.phone.archive import PublishedKey
from clients.phone.crypto import DAY_INTERVALS, DailyKey, new_key
from clients.phone.errors import StateError
from clients.phone.matching import Reception

VERSION = 2
KEEP_DAYS = 14


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The result of a claim: this phone's X25519 key pair and the server's public key, 32 bytes each."""

    private_key: bytes
    public_key: bytes
    server_public_key: bytes


@dataclass(slots=True)
class State:
    """Everything that a phone keeps between two runs. Days are UTC day numbers."""

    keys: list[DailyKey] = field(default_factory=list)
    received: list[Reception] = field(default_factory=list)
    matched: list[PublishedKey] = field(default_factory=list)
    key_pair: KeyPair | None = None
    uploaded: set[bytes] = field(default_factory=set)
    last_checked: int | None = None
    notified_days: set[int] = field(default_factory=set)
    configuration: dict[str, Any] | None = None

    def key_at(self, interval: int) -> DailyKey:
        """Return the key that is valid in an interval; make it if there is none."""
        for key in self.keys:
            if key.start <= interval < key.end:
                return key
        midnight = interval - interval % DAY_INTERVALS
        # A key that was ended early, for an upload, is followed by another one for the rest of the day.
        start = max([midnight, *(key.end for key in self.keys if midnight <= key.end <= interval)])
        key = new_key(start, midnight + DAY_INTERVALS - start)
        self.keys.append(key)
        return key

    def end_current_key(self, interval: int) -> None:
        """End today's key at an interval, so that its identifiers are worthless once it is published."""
        self.keys = [
            DailyKey(key.key_data, key.start, interval - key.start) if key.start < interval < key.end else key
            for key in self.keys
        ]

    def forget_before(self, day: int) -> None:
        """Delete what is older than a day: it is not needed any more."""
        first = day * DAY_INTERVALS
        self.keys = [key for key in self.keys if key.end > first]
        self.received = [reception for reception in self.received if reception.interval >= first]
        self.matched = [published for published in self.matched if published.key.end > first]
        self.uploaded &= {key.key_data for key in self.keys}


def load(path: Path) -> State:
    """Read a state file, or raise StateError."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StateError(f"there is no phone in {path}; `new` makes one") from error
    except (OSError, ValueError) as error:
        raise StateError(f"{path} cannot be read: {error}") from error
    if not isinstance(raw, dict) or raw.get("version") != VERSION:
        raise StateError(f"{path} is not a phone of version {VERSION}")
    try:
        return _decode(raw)
    except (KeyError, TypeError, ValueError) as error:
        raise StateError(f"{path} is damaged: {error!r}") from error


def save(state: State, path: Path) -> None:
    """Replace the state file in one step; it is readable by its owner alone."""
    text = json.dumps(_encode(state), indent=1)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _encode(state: State) -> dict[str, Any]:
    pair = state.key_pair
    return {
        "version": VERSION,
        "keys": [[key.key_data.hex(), key.start, key.period] for key in state.keys],
        "received": [[s.rpi.hex(), s.encrypted_metadata.hex(), s.interval, s.seconds, s.rssi] for s in state.received],
        "matched": [[p.key.key_data.hex(), p.key.start, p.key.period, p.risk_level] for p in state.matched],
        "key_pair": [part.hex() for part in (pair.private_key, pair.public_key, pair.server_public_key)]
        if pair
        else None,
        "uploaded": sorted(key_data.hex() for key_data in state.uploaded),
        "last_checked": state.last_checked,
        "notified_days": sorted(state.notified_days),
        "configuration": state.configuration,
    }


def _decode(raw: dict[str, Any]) -> State:
    pair = raw["key_pair"]
    return State(
        keys=[DailyKey(bytes.fromhex(data), start, period) for data, start, period in raw["keys"]],
        received=[Reception(bytes.fromhex(rpi), bytes.fromhex(aem), *rest) for rpi, aem, *rest in raw["received"]],
        matched=[
            PublishedKey(DailyKey(bytes.fromhex(data), start, period), level)
            for data, start, period, level in raw["matched"]
        ],
        key_pair=KeyPair(*(bytes.fromhex(part) for part in pair)) if pair else None,
        uploaded={bytes.fromhex(key_data) for key_data in raw["uploaded"]},
        last_checked=raw["last_checked"],
        notified_days=set(raw["notified_days"]),
        configuration=raw["configuration"],
    )
