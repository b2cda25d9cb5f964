"""A calm period: normal traffic without faults, in which the service must find nothing."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.gameday.site import Site, running_site
from tests.gameday.trial import wait_until_calm
from tests.gameday.watch import subject_of

_LOOK_SECONDS: Final = 5.0
_TELL_SECONDS: Final = 60.0


@dataclass
class Calm:
    """The result of a calm period: everything that was found is a false alarm."""

    minutes: float
    alerts: tuple[str, ...] = ()
    incidents: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    traffic: str = ""
    failures: list[str] = field(default_factory=list)


def run_calm(minutes: float, directory: Path, history: float | None, tell: Callable[[str], None]) -> Calm:
    """Run a service under normal traffic; return what it found."""
    tell("starting a service")
    with running_site(directory, history) as site:
        wait_until_calm(site)
        tell(f"calm for {minutes:g} minutes")
        _wait(site, minutes * 60, tell)
        calm = _found(site, minutes)
    calm.failures += [
        f"{len(found)} {what}: {', '.join(found)}"
        for what, found in (("alerts", calm.alerts), ("incidents", calm.incidents), ("notices", calm.notices))
        if found
    ]
    tell("; ".join(calm.failures) or "nothing was found")
    return calm


def _wait(site: Site, seconds: float, tell: Callable[[str], None]) -> None:
    begin, told = time.monotonic(), 0.0
    while (passed := time.monotonic() - begin) < seconds:
        if passed - told >= _TELL_SECONDS:
            told = passed
            found = _found(site, passed / 60)
            tell(f"{len(found.alerts)} alerts, {len(found.incidents)} incidents, {len(found.notices)} notices")
        time.sleep(min(_LOOK_SECONDS, seconds - passed))


def _found(site: Site, minutes: float) -> Calm:
    return Calm(
        minutes,
        tuple(str(row[0]) for row in site.query("SELECT name FROM alerts ORDER BY id")),
        tuple(str(row[0]) for row in site.query("SELECT title_en FROM incidents ORDER BY id")),
        (
            *(content["kind"] for *_, content in site.webhook.received),
            *(subject_of(each) for each in site.mail.messages),
        ),
        site.traffic.summary(),
    )
