"""The files in which the processes of one web server share what they count, so that each can answer for all.

A process writes to files of a slot, which it holds with a lock for as long as it lives. A process that replaces another
takes over its slot and counts on from its numbers: files do not pile up, and no counter ever decreases.
"""

import fcntl
import itertools
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from app.domain.objectives import SeriesKey

_logger = logging.getLogger(__name__)

# Where prometheus_client writes its files.
FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
# On a disk, the kernel may block a process that counts while it writes the pages back.
_SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the folder's name cannot be guessed
_PREFIX: Final = "exposure-alert-metrics-"
_SERVER: Final = "server"  # a file that the server holds locked
_SLOT: Final = "slot-{}"
# The files of a slot, and what they need in bytes for the routes of every surface.
_SIZES: Final = {"counter": 1 << 19, "histogram": 1 << 20, "gauge_livesum": 1 << 16}

# The slots of this process, and their locks, which the kernel releases when the process ends, however it ends.
_held: dict[str, int] = {}


@contextmanager
def shared_folder() -> Iterator[None]:
    """Have a folder until the end of the block: see `prepare_folder`."""
    folder = prepare_folder()
    try:
        yield
    finally:
        remove_folder(folder)


def prepare_folder() -> str | None:
    """Set FOLDER, for the processes that a web server starts; return the folder, which the server removes in the end.

    A folder that is set already is made if it does not exist, and kept: None. Without any place for files, each
    process answers only for itself: None.
    """
    if given := os.environ.get(FOLDER, "").strip():
        Path(given).mkdir(mode=0o700, parents=True, exist_ok=True)
        return None
    return make_folder()


def make_folder() -> str | None:
    """Make a folder, set FOLDER to it, and return it; None if files can be made nowhere."""
    places = [str(_SHARED_MEMORY), None] if os.access(_SHARED_MEMORY, os.W_OK) else [None]
    for place in places:
        try:
            folder = tempfile.mkdtemp(prefix=_PREFIX, dir=place)
            _lock(Path(folder) / _SERVER, os.O_CREAT)
        except OSError:
            continue
        _remove_abandoned(Path(folder).parent)
        os.environ[FOLDER] = folder
        return folder
    _logger.warning("metrics are not shared: no folder can be made")
    return None


def _remove_abandoned(place: Path) -> None:
    """Remove the folders of servers that were killed: the kernel has released their locks."""
    for folder in place.glob(f"{_PREFIX}*"):
        try:
            lock = _lock(folder / _SERVER)
        except OSError:  # it is in use, of another user, or just being made
            continue
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _lock(file: Path, flags: int = 0) -> int:
    """Lock a file until the process ends, and return its descriptor; raise OSError if another process holds it."""
    descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC | flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def remove_folder(folder: str | None) -> None:
    """Remove a folder that was made for a server that has ended."""
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def join_folder() -> bool:
    """Let this process count in files of FOLDER from now on; return False if none is set, or files cannot be made.

    Call it before the instruments are made, and in a process that does not fork.
    """
    if not (given := os.environ.get(FOLDER, "").strip()):
        return False
    folder = Path(given)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        slot = _take_slot(folder)
        _allocate(folder, slot)
    except OSError:
        _logger.exception("metrics are not shared: files cannot be made")
        _held.clear()
        return False
    from prometheus_client import values

    import app.measuring.instruments  # noqa: F401 - which chooses memory when it is imported

    values.ValueClass = values.MultiProcessValue(lambda: slot)  # type: ignore[no-untyped-call]
    return True


def is_joined() -> bool:
    """Return whether this process counts in files."""
    return bool(_held)


def inherited() -> "dict[SeriesKey, float]":
    """Return what earlier processes counted in the files of this process's slot."""
    from prometheus_client.multiprocess import MultiProcessCollector

    files = [str(file) for file in Path(os.environ[FOLDER]).glob("*.db") if _slot_of(file) in _held] if _held else []
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for metric in MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
        for sample in metric.samples
    }


def files_of_processes(folder: Path) -> list[str]:
    """Return the files of all processes, without gauges of processes that have ended."""
    ended = {slot.name.partition("-")[2] for slot in folder.glob(_SLOT.format("*")) if not _is_held(slot)}
    files = sorted(folder.glob("*.db"))
    return [str(file) for file in files if not (file.name.startswith("gauge_") and _slot_of(file) in ended)]


def _slot_of(file: Path) -> str:
    return file.stem.rpartition("_")[2]


def _take_slot(folder: Path) -> int:
    """Lock the first slot that is free, and return its number."""
    for number in itertools.count():
        try:
            _held[str(number)] = _lock(folder / _SLOT.format(number), os.O_CREAT)
        except BlockingIOError:
            continue
        return number
    raise AssertionError("unreachable")


def _allocate(folder: Path, slot: int) -> None:
    """Allocate the files of a slot: the kernel ends a process that writes to a page for which there is no room."""
    for name, size in _SIZES.items():
        with (folder / f"{name}_{slot}.db").open("ab") as file:
            os.posix_fallocate(file.fileno(), 0, size)


def _is_held(slot: Path) -> bool:
    lock = os.open(slot, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
