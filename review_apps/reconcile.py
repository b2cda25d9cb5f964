"""Close and start review apps to match the pull requests that are open."""

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from processes.errors import ProcessError
from review_apps.errors import ReviewAppError
from review_apps.host import Host
from review_apps.state import name_of

_SECONDS_PER_DAY: Final = 86_400


@dataclass(frozen=True)
class Action:
    """An action on an app, taken or planned, and its reason."""

    number: int
    verb: str
    reason: str

    def __str__(self) -> str:
        return f"{name_of(self.number)}: {self.verb}, {self.reason}"


def reconcile(host: Host, open_numbers: Collection[int], *, dry_run: bool = False) -> Iterator[Action]:
    """Close apps without open pull request and stale ones; start those that do not run."""
    for number in host.store.numbers():
        reason = _reason_to_close(host, number, open_numbers)
        if reason:
            if not dry_run:
                host.close(number)
            yield Action(number, "close" if dry_run else "closed", reason)
            continue
        app = host.store.load(number)
        if app and not host.is_running(app):
            yield Action(number, "start" if dry_run else _resume(host, number), "it does not run")


def _reason_to_close(host: Host, number: int, open_numbers: Collection[int]) -> str:
    if number not in open_numbers:
        return "its pull request is not open"
    app = host.store.load(number)
    if app is None or not app.release:
        return "it was not opened completely"
    days = (time.time() - app.updated) / _SECONDS_PER_DAY
    return f"it was not updated for {days:.0f} days" if days > host.settings.stale_days else ""


def _resume(host: Host, number: int) -> str:
    app = host.store.load(number)
    try:
        if app:
            host.resume(app)
    except (ReviewAppError, ProcessError) as error:
        return f"cannot start ({error})"
    return "started"
