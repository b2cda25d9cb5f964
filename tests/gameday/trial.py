"""A trial: one fault in a service of its own, what was seen of it and after how many seconds, and what was expected."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.gameday.faults import Fault
from tests.gameday.site import Site, running_site
from tests.gameday.watch import AFTER, DURING, FIRST, Watch, subject_of
from tests.support.receiver import Receiver
from tests.support.smtp import MailServer
from tests.support.waiting import wait_until

Query = Callable[..., list[tuple[Any, ...]]]

_READY_SECONDS: Final = 300.0
_REMINDER: Final = "reminder"


@dataclass(frozen=True)
class Written:
    """What the service wrote about an incident: its timeline, and of the draft of its report the impact."""

    title: str
    impact: str
    parts: tuple[str, ...]
    events: tuple[tuple[str, str], ...]  # kind and subject
    report: str | None


@dataclass
class Trial:
    """The result of a fault. Seconds are from its beginning, or from its end, by what was seen."""

    fault: Fault
    lasted: float = 0.0
    from_begin: Mapping[str, float] = field(default_factory=dict)
    from_end: Mapping[str, float] = field(default_factory=dict)
    incidents: tuple[Written, ...] = ()
    notices: tuple[tuple[str, str, str], ...] = ()  # channel, kind and text
    traffic: str = ""
    failures: list[str] = field(default_factory=list)

    @property
    def detected(self) -> float | None:
        """After how many seconds the first trace of the incident was seen anywhere."""
        return min(self.from_begin.values(), default=None)


def run_trial(fault: Fault, directory: Path, history: float | None, tell: Callable[[str], None]) -> Trial:
    """Break a new service and heal it; return what was seen. `history` is a share of the traffic, or None."""
    tell("starting a service")
    with running_site(directory, history, with_disk=fault.needs_disk) as site:
        trial = Trial(fault)
        if fault.needs_disk and site.disk is None:
            trial.failures.append("this user may not mount a small disk")
            return trial
        wait_until_calm(site)
        with Watch(site, tell) as watch:
            _break(trial, site, watch, tell)
        _collect(trial, site)
        trial.failures += unmet(trial)
        tell("; ".join(trial.failures) or "all expectations met")
        return trial


def wait_until_calm(site: Site) -> None:
    """Wait until every process reports and the status is published, without an incident."""

    def is_calm() -> bool:
        roles = site.query("SELECT role FROM heartbeats")
        return len(roles) == 2 and bool(site.query("SELECT id FROM status_documents"))

    wait_until(is_calm, "both monitors report, and the status is published", _READY_SECONDS)
    found = site.query("SELECT title_en FROM incidents")
    assert found == [], f"an incident before any fault: {found}"


def _break(trial: Trial, site: Site, watch: Watch, tell: Callable[[str], None]) -> None:
    tell(f"broken: {trial.fault.what}")
    begin = time.monotonic()
    with trial.fault.begin(site):
        if not watch.wait_for(DURING, trial.fault.detection_seconds):
            trial.failures.append(f"not seen during the fault: {_missing(watch, DURING)}")
    end = time.monotonic()
    trial.lasted = end - begin
    tell(f"healed after {trial.lasted:.0f} s")
    if watch.seen and not watch.wait_for(AFTER, trial.fault.recovery_seconds):
        trial.failures.append(f"not seen after the fault: {_missing(watch, AFTER)}")
    seen = dict(watch.seen)
    trial.from_begin = {name: seen[name] - begin for name in FIRST if name in seen}
    trial.from_end = {name: seen[name] - end for name in AFTER if name in seen}


def _missing(watch: Watch, names: tuple[str, ...]) -> str:
    return ", ".join(name for name in names if name not in watch.seen)


def _collect(trial: Trial, site: Site) -> None:
    trial.incidents = written(site.query)
    trial.notices = notices(site.webhook, site.mail)
    trial.traffic = site.traffic.summary()


def written(query: Query) -> tuple[Written, ...]:
    """Return what the service wrote about its incidents, the oldest first."""
    rows = query("SELECT id, title_en, impact, parts FROM incidents ORDER BY id")
    return tuple(_written(query, *row) for row in rows)


def notices(webhook: Receiver, mail: MailServer) -> tuple[tuple[str, str, str], ...]:
    """Return the channel, the kind and the text of each notice that was received."""
    return (
        *(("webhook", content["kind"], content["incident"]["titles"]["en"]) for *_, content in webhook.received),
        *(("e-mail", _kind(subject_of(each)), subject_of(each)) for each in mail.messages),
    )


def _written(query: Query, number: int, title: str, impact: str, parts: list[str]) -> Written:
    events = query("SELECT kind, subject FROM incident_events WHERE incident_id = %s ORDER BY at, id", number)
    reports = query("SELECT content FROM incident_reports WHERE incident_id = %s", number)
    report = reports[0][0]["sections"]["en"]["impact"] if reports else None
    return Written(title, impact, tuple(parts), tuple((str(kind), str(subject)) for kind, subject in events), report)


def _kind(subject: str) -> str:
    if "is resolved" in subject:
        return "resolved"
    return _REMINDER if "is not acknowledged" in subject else "opened"


def unmet(trial: Trial) -> list[str]:
    """Return the expectations about what was written that were not met."""
    failures = []
    if len(trial.incidents) != 1:
        failures.append(f"{len(trial.incidents)} incidents instead of one")
    for incident in trial.incidents[:1]:
        if incident.title not in trial.fault.titles:
            failures.append(f"unexpected title: {incident.title}")
        kinds = [kind for kind, _ in incident.events]
        failures += [
            f"the timeline lacks {kind}"
            for kind in ("opened", "alert-fired", "alert-ended", "resolved")
            if kind not in kinds
        ]
        if not incident.report:
            failures.append("there is no draft of a report")
    sent = [(channel, kind) for channel, kind, _ in trial.notices if kind != _REMINDER]
    for channel in ("webhook", "e-mail"):
        for kind in ("opened", "resolved"):
            if sent.count((channel, kind)) != 1:
                failures.append(f"{sent.count((channel, kind))} notices by {channel} that it {kind}")
    return failures
