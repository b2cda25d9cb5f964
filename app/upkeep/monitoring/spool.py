"""What was detected while PostgreSQL was down, with its moment: in memory, and in a file that outlives the process."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from app.domain.incidents.alerts import AlertKey, Detection, Ending, Source
from app.domain.incidents.checks import CHECKED_PARTS, Check
from app.domain.incidents.notices import Channel, Progress
from app.domain.objectives import Severity

_logger = logging.getLogger(__name__)

FILE_PREFIX: Final = "monitor-spool-"


def detection_of(check: Check, since: datetime) -> Detection:
    """Return the alert of a check."""
    return Detection(AlertKey(Source.CHECK, check.value, Severity.PAGE), since, CHECKED_PARTS[check])


def ending_of(check: Check, since: datetime) -> Ending:
    """Return the end of the alert of a check."""
    return Ending(AlertKey(Source.CHECK, check.value, Severity.PAGE), since)


@dataclass
class _Kept:
    fired: datetime
    ended: datetime | None = None


@dataclass
class Spool:
    """The detections of one monitor that are not stored yet. At most one of each check, so it stays small."""

    path: Path | None
    _kept: dict[Check, _Kept] = field(default_factory=dict)
    notified: dict[Channel, Progress] = field(default_factory=dict)

    def keep(self, firing: Mapping[Check, datetime], good: Mapping[Check, datetime]) -> None:
        """Keep what fires, and when what is kept has ended."""
        for check, since in firing.items():
            kept = self._kept.setdefault(check, _Kept(since))
            kept.ended = None  # it came back before it could be stored: one outage
        for check, since in good.items():
            if check in self._kept and self._kept[check].ended is None:
                self._kept[check].ended = since

    def detections(self) -> list[Detection]:
        """Return what is kept."""
        return [detection_of(check, kept.fired) for check, kept in self._kept.items()]

    def endings(self) -> list[Ending]:
        """Return the endings of what is kept."""
        return [ending_of(check, kept.ended) for check, kept in self._kept.items() if kept.ended is not None]

    def clear(self) -> None:
        """Forget everything: it is stored."""
        if self._kept or self.notified:
            self._kept.clear()
            self.notified.clear()
            self._delete()

    def save(self) -> None:
        """Write the file, if there is a folder for it. What cannot be written is kept in memory."""
        if self.path is None:
            return
        content = {
            "kept": {check.value: _times(kept.fired, kept.ended) for check, kept in self._kept.items()},
            "notified": {
                channel.value: {"sent": progress.sent, "at": _times(progress.last_sent)[0]}
                for channel, progress in self.notified.items()
            },
        }
        try:
            temporary = self.path.with_suffix(".new")
            temporary.write_text(json.dumps(content), encoding="utf-8")
            temporary.replace(self.path)
        except OSError as error:
            _logger.warning("detections not written", extra={"reason": type(error).__name__})

    def _delete(self) -> None:
        try:
            if self.path is not None:
                self.path.unlink(missing_ok=True)
        except OSError as error:
            _logger.warning("detections not written", extra={"reason": type(error).__name__})


def load_spool(folder: Path | None, role: str) -> Spool:
    """Return the spool of a process, with what an earlier process of its role left; a damaged file is ignored."""
    path = None if folder is None else folder / f"{FILE_PREFIX}{role}.json"
    spool = Spool(path)
    if path is None:
        return spool
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        spool._kept = {
            Check(name): _Kept(_moment(fired), _moment(ended) if ended else None)
            for name, (fired, ended) in content["kept"].items()
        }
        spool.notified = {
            Channel(name): Progress(int(each["sent"]), _moment(each["at"]) if each["at"] else None)
            for name, each in content["notified"].items()
        }
    except FileNotFoundError:
        pass
    except Exception as error:
        _logger.warning("detections not read", extra={"reason": type(error).__name__})
        return Spool(path)
    return spool


def unstored_detections(folder: Path) -> list[Detection]:
    """Return what fires according to the spools in a folder, for the status page while PostgreSQL is down."""
    found: dict[AlertKey, Detection] = {}
    try:
        paths = sorted(folder.glob(f"{FILE_PREFIX}*.json"))
    except OSError as error:
        _logger.warning("detections not read", extra={"reason": type(error).__name__})
        return []
    for path in paths:
        spool = load_spool(folder, path.stem.removeprefix(FILE_PREFIX))
        ended = {each.key for each in spool.endings()}
        for each in spool.detections():
            if each.key not in ended:
                found.setdefault(each.key, each)
    return list(found.values())


def _times(*moments: datetime | None) -> list[str | None]:
    return [each.isoformat() if each is not None else None for each in moments]


def _moment(text: Any) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
