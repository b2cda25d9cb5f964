"""docs/game-day.md, made from the results of runs. Each kind of run replaces its own section and keeps the other."""

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil

from tests.gameday.calm import Calm
from tests.gameday.faults import FAULTS, Fault
from tests.gameday.history import DAYS
from tests.gameday.trial import Trial, Written
from tests.gameday.watch import EMAIL, EMAIL_RESOLVED, PAGE, RESOLVED, SHOWN_RESOLVED, WEBHOOK

_ROOT: Final = Path(__file__).parents[2]
DOCUMENT: Final = _ROOT / "docs" / "game-day.md"
_FAULTS, _CALM = "faults", "calm"
_SECTIONS: Final = (_FAULTS, _CALM)
_TABLE: Final = (
    "| fault | detected | on the page | webhook | e-mail | fault lasted | resolved | page shows it | result |",
    "|---|---|---|---|---|---|---|---|---|",
)
_INTRODUCTION: Final = """\
# Game day

Made by `make gameday` (`bin/gameday`), never by hand. The run starts the whole service as `make run` does, sends normal
traffic, and breaks one thing on purpose. The service itself must detect the fault, open exactly one incident, show it
on the status page, send one notice by webhook and one by e-mail, notice the recovery, and draft a report. The run only
watches: it contains no part of the service. `bin/gameday --calm MINUTES` sends the same traffic without faults, and
must find nothing. Runbooks: [checks](runbooks/checks.md) and [objectives](runbooks/alerts.md).
"""


@dataclass(frozen=True)
class Conditions:
    """How a run was made."""

    at_once: int
    history: float | None  # a share of the traffic


def write_faults(trials: Sequence[Trial], conditions: Conditions, path: Path) -> None:
    """Write the section of the faults. Those of other runs keep their rows and paragraphs."""
    known = _sections(path.read_text()).get(_FAULTS, "") if path.exists() else ""
    rows = {row.split("|")[1].strip(): row for row in re.findall(r"^\| .*$", known, flags=re.MULTILINE)}
    details = {text.splitlines()[0]: text.rstrip() for text in re.split(r"^### ", known, flags=re.MULTILINE)[1:]}
    for trial in trials:
        rows[trial.fault.name] = _row(trial)
        details[_heading(trial.fault)] = "\n".join(_details(trial, conditions)).rstrip()
    names = [fault for fault in FAULTS if fault.name in rows]
    lines = [
        "## Faults",
        "",
        "Seconds from the beginning of a fault to the first trace of the incident (detected), to the status page, and",
        "to the notices; and from its end to the resolved incident, which takes five minutes without an alert.",
        "",
        *_TABLE,
        *(rows[fault.name] for fault in names),
        *(f"\n### {details[_heading(fault)]}" for fault in names),
    ]
    _write(path, _FAULTS, "\n".join(lines))


def write_calm(calm: Calm, conditions: Conditions, path: Path) -> None:
    """Write the section of a calm period."""
    lines = [
        "## A calm period",
        "",
        _circumstances(conditions),
        "",
        "| minutes | false alerts | false incidents | notices |",
        "|---|---|---|---|",
        f"| {calm.minutes:g} | {len(calm.alerts)} | {len(calm.incidents)} | {len(calm.notices)} |",
        "",
        f"Traffic: {calm.traffic}.",
        *(["", f"**Not as expected:** {'; '.join(calm.failures)}."] if calm.failures else []),
    ]
    _write(path, _CALM, "\n".join(lines))


def _circumstances(conditions: Conditions) -> str:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    memory = psutil.virtual_memory().total / 2**30
    many = f"{conditions.at_once} services at once, each with its own servers."
    services = "one service with its own servers." if conditions.at_once == 1 else many
    text = (
        f"{now}, commit `{_commit()}`, {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"{memory:.0f} GiB, load average {os.getloadavg()[2]:.0f} in the last 15 minutes; {services}"
    )
    if conditions.history is None:
        return f"{text} The service is new: it has measured nothing before."
    share = "the same traffic" if conditions.history == 1 else f"{conditions.history:g} of the traffic"
    return f"{text} The service has measured {DAYS} days of {share} before, without failures."


def _commit() -> str:
    done = subprocess.run(
        ["git", "-C", _ROOT, "describe", "--always", "--dirty=+"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def _row(trial: Trial) -> str:
    begin, end = trial.from_begin, trial.from_end
    cells = [
        trial.fault.name,
        _seconds(trial.detected),
        *(_seconds(begin.get(name)) for name in (PAGE, WEBHOOK, EMAIL)),
        _seconds(trial.lasted),
        *(_seconds(end.get(name)) for name in (RESOLVED, SHOWN_RESOLVED)),
        "**failed**" if trial.failures else "as expected",
    ]
    return f"| {' | '.join(cells)} |"


def _heading(fault: Fault) -> str:
    return f"{fault.name[0].upper()}{fault.name[1:]}"


def _seconds(value: float | None) -> str:
    return "—" if value is None else f"{value:.0f}"


def _details(trial: Trial, conditions: Conditions) -> list[str]:
    lines = [_heading(trial.fault), "", f"The fault: {trial.fault.what}.", "", f"- Run: {_circumstances(conditions)}"]
    if trial.failures:
        lines.append(f"- **Not as expected:** {'; '.join(trial.failures)}")
    for incident in trial.incidents:
        lines += _incident(incident)
    lines += [f"- Notice by {channel}: {kind}, “{text}”" for channel, kind, text in trial.notices]
    if EMAIL_RESOLVED in trial.from_end:
        lines.append(f"- E-mail of the recovery: {trial.from_end[EMAIL_RESOLVED]:.0f} seconds after the end")
    return [*lines, f"- Traffic: {trial.traffic}"]


def _incident(incident: Written) -> list[str]:
    events = ", ".join(f"{kind} {subject}".strip() for kind, subject in incident.events)
    lines = [
        f"- Incident: “{incident.title}”, impact {incident.impact}; parts: {', '.join(incident.parts)}",
        f"- Timeline, {len(incident.events)} entries: {events}",
    ]
    if incident.report:
        lines.append(f"- The draft of the report, impact: “{' '.join(incident.report.split())}”")
    return lines


def _write(path: Path, section: str, text: str) -> None:
    known = _sections(path.read_text()) if path.exists() else {}
    known[section] = text
    parts = [_INTRODUCTION, *(f"{_mark(name)}\n{known[name]}\n" for name in _SECTIONS if name in known)]
    path.write_text("\n".join(parts))


def _sections(text: str) -> dict[str, str]:
    pattern = "|".join(_SECTIONS)
    found = re.split(rf"^<!-- ({pattern}) -->$", text, flags=re.MULTILINE)[1:]
    return {name: body.strip() for name, body in zip(found[::2], found[1::2], strict=True)}


def _mark(name: str) -> str:
    return f"<!-- {name} -->"
