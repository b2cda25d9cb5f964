"""How far a promotion is: a JSON file, replaced after each step, and a log beside it that only grows."""

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from deploy.promotion.errors import PromotionError
from deploy.promotion.objectives import Snapshot


@dataclass
class Record:
    """The release, the steps that are done, that which was begun, and the status of environments before."""

    version: str
    done: list[str] = field(default_factory=list)
    begun: str = ""
    before: dict[str, dict[str, object]] = field(default_factory=dict)


class Journal:
    """The record and the log of the promotions by one plan, in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file, self.log_file = folder / f"{name}.json", folder / f"{name}.log"
        self._started = time.monotonic()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Refuse a second promotion by the same plan. Raises PromotionError."""
        with self._file.with_suffix(".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise PromotionError("another promotion by this plan runs") from None
            yield

    def load(self) -> Record | None:
        """Return the record of an unfinished promotion, if there is one. Raises PromotionError."""
        try:
            return Record(**json.loads(self._file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise PromotionError(f"{self._file}: unreadable: delete it after you have looked what serves") from None

    def save(self, record: Record) -> None:
        """Replace the record."""
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps(asdict(record)), encoding="utf-8")
        draft.replace(self._file)

    def delete(self) -> None:
        """Delete the record: the promotion is over."""
        self._file.unlink(missing_ok=True)

    def report(self, text: str) -> None:
        """Print a line with the seconds since the start, and add it to the log with the time."""
        print(f"{time.monotonic() - self._started:6.0f} s  {text}", flush=True)
        with self.log() as log:
            log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {text}\n")

    def log(self) -> IO[str]:
        """Open the log, to add to it."""
        return self.log_file.open("a", encoding="utf-8")


def to_json(snapshot: Snapshot) -> dict[str, object]:
    """Return a snapshot as JSON's types."""
    return asdict(snapshot) | {"written_at": snapshot.written_at.isoformat()}


def from_json(values: dict[str, object]) -> Snapshot:
    """Return the snapshot that `to_json` wrote. Raises PromotionError."""
    try:
        counts = {name: (good, total) for name, (good, total) in dict(values["counts"]).items()}  # type: ignore[call-overload]
        written = datetime.fromisoformat(str(values["written_at"]))
        return Snapshot(written, dict(values["states"]), counts, dict(values["targets"]))  # type: ignore[call-overload]
    except (KeyError, TypeError, ValueError):
        raise PromotionError("the record of this promotion is damaged: use --restart") from None
