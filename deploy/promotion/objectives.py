"""Whether an environment keeps its objectives, from its public document, `/status.json`."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import requests

from deploy.promotion.errors import PromotionError

_SECONDS: Final = 15
_POLL_SECONDS: Final = 2.0
# Fewer failures than this say nothing about a release: a client that hangs up can cause one.
_FEWEST_FAILURES: Final = 3
_OUTAGE: Final = "outage"
_MONITORED: Final = ("operational", "planned", "degraded", _OUTAGE)


@dataclass(frozen=True)
class Snapshot:
    """The document at one moment: the state of each part, and the good and all events of each objective."""

    written_at: datetime
    states: Mapping[str, str]
    counts: Mapping[str, tuple[int, int]]
    targets: Mapping[str, float]


def parse(document: Any) -> Snapshot:
    """Return the snapshot of a document. Raises PromotionError."""
    try:
        objectives = {each["name"]: each for each in document["objectives"]}
        return Snapshot(
            datetime.fromisoformat(document["written_at"]),
            {part["name"]: part["state"] for part in document["parts"]},
            {name: (each["counts"]["good"], each["counts"]["total"]) for name, each in objectives.items()},
            {name: each["target"] for name, each in objectives.items()},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PromotionError(f"status.json: not the expected form: {error}") from None


def fetch(status_url: str) -> Snapshot:
    """Return the present snapshot. Raises PromotionError."""
    try:
        response = requests.get(f"{status_url.rstrip('/')}/status.json", timeout=_SECONDS)
        response.raise_for_status()
        return parse(response.json())
    except requests.RequestException as error:
        raise PromotionError(f"status.json: no answer: {type(error).__name__}") from None


def fetch_after(status_url: str, moment: datetime, seconds: float) -> Snapshot:
    """Return the first snapshot that includes what happened until a moment, waiting up to some seconds."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = fetch(status_url)
            if found.written_at >= moment:
                return found
            reason = f"the newest is of {found.written_at:%H:%M:%S} UTC"
        except PromotionError as error:
            reason = str(error)
        if time.monotonic() > deadline:
            raise PromotionError(f"no status of after {moment:%H:%M:%S} UTC: {reason}")
        time.sleep(_POLL_SECONDS)


def problems(before: Snapshot, after: Snapshot) -> list[str]:
    """Return what is wrong now: parts in outage, and objectives whose budget is spent faster than before.

    The budget is spent at a speed of 1 if it lasts exactly for the window of the objective. A speed below 1 is no
    problem, whatever it was before. A part that was in outage before the release is one all the same.
    """
    found = [f"{name} is in outage" for name, state in after.states.items() if state == _OUTAGE]
    if not any(state in _MONITORED for state in after.states.values()):
        found.append("nothing is measured: every part is unknown")
    for name, (good, total) in after.counts.items():
        old_good, old_total = before.counts.get(name, (0, 0))
        new_good, new_total = good - old_good, total - old_total
        failures = new_total - new_good
        if new_total < 0 or failures < _FEWEST_FAILURES:
            continue
        allowed = 1 - after.targets[name]
        new_total = max(new_total, failures)  # totals are published in steps of twenty
        speed = failures / new_total / allowed
        usual = (old_total - old_good) / old_total / allowed if old_total else 0.0
        if speed > max(1.0, usual):
            found.append(f"{name}: {failures} of {new_total} failed, {speed:.0f} times what its budget allows")
    return found


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)
