"""Close and start review apps to match the pull requests that are open."""

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from review_apps.host import Host
from review_apps.running import State
from review_apps.state import App, name_of
from review_apps.waiting import FAILURES

_SECONDS_PER_DAY: Final = 86_400
_TO_START: Final = {
    State.DOWN: "it does not run",
    State.UNHEALTHY: "it accepts no connections",
}


@dataclass(frozen=True)
class Action:
    """An action on an app, taken or planned, and its reason."""

    number: int
    verb: str
    reason: str

    def __str__(self) -> str:
        return f"{name_of(self.number)}: {self.verb}, {self.reason}"


def reconcile(host: Host, open_numbers: Collection[int], *, dry_run: bool = False) -> Iterator[Action]:
    """Close apps without open pull request and stale ones; start those that do not run. No failure stops the rest."""
    for number in host.store.numbers():
        reason = _reason_to_close(host, number, open_numbers)
        if reason:
            yield Action(number, "close" if dry_run else _close(host, number), reason)
            continue
        state = host.state(number)
        if state == State.DAMAGED:
            yield Action(number, "left as it is", "its file is damaged: close it and open it again")
        elif state in _TO_START:
            yield Action(number, "start" if dry_run else _start(host, number, state), _TO_START[state])
    for number in host.failures.numbers():
        if number not in open_numbers and not dry_run:
            host.failures.forget(number)


def _reason_to_close(host: Host, number: int, open_numbers: Collection[int]) -> str:
    if number not in open_numbers:
        return "its pull request is not open"
    if host.state(number) == State.DAMAGED:
        return ""
    app = host.store.load(number)
    if app is None or not app.release:
        return "it was not opened completely"
    return _expiry(app, host.settings.stale_days)


def _expiry(app: App, stale_days: int) -> str:
    now = time.time()
    if app.expires:
        return "its time is over" if now > app.expires else ""
    days = (now - app.updated) / _SECONDS_PER_DAY
    return f"it was not updated for {days:.0f} days" if days > stale_days else ""


def _close(host: Host, number: int) -> str:
    try:
        host.close(number)
    except FAILURES as error:
        return f"cannot be closed ({error})"
    return "closed"


def _start(host: Host, number: int, state: State) -> str:
    try:
        if state == State.UNHEALTHY:
            host.restart(number)
        else:
            host.resume(number)
    except FAILURES as error:
        return f"cannot start ({error})"
    return "started"
