"""Whether everything on the host runs: what `exposure-alert doctor` prints, and the watch checks every five minutes."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from deploy.host import proxy
from deploy.host.backup import newest
from deploy.host.host import Host
from deploy.host.plan import BACKUPS, STATUS_FOLDER, web_unit, worker_units
from deploy.host.rehearsal import RESULT
from deploy.host.releases import current, revision
from deploy.host.settings import HostSettings
from deploy.host.switch import readiness

_DAY_SECONDS: Final = 86_400
_BACKUP_SECONDS: Final = 13 * 3600  # two were missed
_REHEARSAL_SECONDS: Final = 9 * _DAY_SECONDS
_CERTIFICATE_SECONDS: Final = 14 * _DAY_SECONDS
_FREE_SHARE: Final = 0.15
_CLOCK_SECONDS: Final = 600  # that the clock may have been corrected since a file was written

# A job of each surface that runs once a minute or more often, as its log line (docs/operations.md, What to watch). The
# purge of submission may be set to run less often.
_JOBS: Final = {"submission": "purge finished", "portal": "portal purge finished", "sharing": "sharing purge finished"}
_JOB_MINUTES: Final = 5
_DOCUMENT_SECONDS: Final = 300  # after which the page itself states that monitoring has stopped

Finding = tuple[str, str]  # the subject, and what is wrong with it; empty if nothing is


def findings(host: Host, settings: HostSettings) -> Iterator[Finding]:
    """Yield what was checked, and what is wrong."""
    slot = proxy.active_slot(host)
    units = [web_unit(surface, slot) for surface in settings.surfaces] + worker_units(settings)
    for unit in [*units, "exposure-alert-redis.service", proxy.UNIT]:
        yield (
            unit,
            "" if host.succeeds("systemctl", "is-active", "--quiet", unit) else f"does not run: journalctl -u {unit}",
        )
    for surface in settings.surfaces:
        yield f"{surface} is ready", readiness(surface, slot)
        if surface in _JOBS:
            minutes = _job_minutes(settings, surface)
            missed = "" if _was_logged(surface, minutes) else f"not in {minutes} minutes"
            yield f"{surface}: '{_JOBS[surface]}'", missed
    if "status" in settings.surfaces:
        yield "status document", old_document(host.path(f"{STATUS_FOLDER}/status.json"), time.time())
    yield "backup", old_backup(host.path(BACKUPS), time.time())
    yield "rehearsal of the restore", old_rehearsal(host.path(BACKUPS), time.time())
    yield "certificate", wrong_certificate(host, settings)
    disk = shutil.disk_usage(host.path("/var"))
    yield "disk", "" if disk.free / disk.total > _FREE_SHARE else f"{disk.free // 10**9} GB are free"


def wrong_certificate(host: Host, settings: HostSettings) -> str:
    """Return what is wrong with the certificate that nginx uses."""
    file = str(host.path(proxy.CERTIFICATE))
    if not host.succeeds("openssl", "x509", "-in", file, "-noout", "-checkend", str(_CERTIFICATE_SECONDS)):
        return "ends within 14 days: systemctl status certbot.timer, or TLS_CERTIFICATE"
    names = ", ".join(proxy.uncertified_names(host, settings))
    return f"is not for {names}: exposure-alert install" if names else ""


def _job_minutes(settings: HostSettings, surface: str) -> int:
    """Return in how many minutes the job of a surface must have run at least once."""
    interval = settings.further.get(surface, {}).get("WORKER_EXPIRATION_INTERVAL", "")
    return max(_JOB_MINUTES, 2 * int(interval) // 60) if interval.isdecimal() else _JOB_MINUTES


def _was_logged(surface: str, minutes: int) -> bool:
    unit, since = f"exposure-alert-worker-{surface}.service", f"-{minutes}min"
    command = ["journalctl", "--quiet", "--unit", unit, "--since", since, "--grep", _JOBS[surface], "--lines", "1"]
    return subprocess.run(command, capture_output=True, check=False).stdout != b""


def old_document(file: Path, now: float) -> str:
    """Return what is wrong with the document of the status page."""
    if not file.exists():
        return "there is none: journalctl -u exposure-alert-worker-status"
    seconds = now - file.stat().st_mtime
    return f"it is {seconds:.0f} seconds old" if seconds > _DOCUMENT_SECONDS else ""


def old_backup(folder: Path, now: float) -> str:
    """Return what is wrong with the newest backup."""
    file = newest(folder)
    if file is None:
        return "there is none: systemctl start exposure-alert-backup"
    hours = (now - file.stat().st_mtime) / 3600
    if hours * 3600 < -_CLOCK_SECONDS:
        return f"{file.name} is dated in the future, so it is taken for the newest: delete it"
    return f"the newest is {hours:.0f} hours old" if hours * 3600 > _BACKUP_SECONDS else ""


def old_rehearsal(folder: Path, now: float) -> str:
    """Return what is wrong with the last rehearsal."""
    file = folder / RESULT
    if not file.exists():
        return "there was none: systemctl start exposure-alert-rehearsal"
    days = (now - file.stat().st_mtime) / _DAY_SECONDS
    return f"the last was {days:.0f} days ago" if days * _DAY_SECONDS > _REHEARSAL_SECONDS else ""


def status(host: Host, settings: HostSettings) -> Iterator[str]:
    """Yield lines about the running version, and the last backup and rehearsal."""
    for link in ("current", "previous"):
        folder = current(host, link)
        yield f"{link}\t{folder.name} ({revision(folder)})" if folder else f"{link}\tnone"
    yield f"slot\t{proxy.active_slot(host)}"
    yield f"surfaces\t{', '.join(f'{surface} at {settings.name_of(surface)}' for surface in settings.surfaces)}"
    backup = newest(host.path(BACKUPS))
    if backup:
        when = datetime.fromtimestamp(backup.stat().st_mtime, UTC)
        yield f"newest backup\t{when:%Y-%m-%d %H:%M} UTC, {backup.stat().st_size} bytes"
    result = host.path(f"{BACKUPS}/{RESULT}")
    if result.exists():
        last = json.loads(result.read_text())
        yield f"last rehearsal\t{last['when']}, {last['seconds']} s"
