"""Logs: one line for each event, as `key=value` pairs on standard error (rules 6 and 9).

A line is shorter than PIPE_BUF, so that lines of processes that share a pipe never interleave. Flask is not imported
here, because the process that starts the web server's workers logs as well, and does not need it.
"""

import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Final, TextIO

# PIPE_BUF of Linux, up to which a write to a pipe is atomic (pipe(7)).
MAX_LINE_BYTES: Final = 4096
MAX_CLIENT_VALUE_CHARACTERS: Final = 128
MAX_VALUE_CHARACTERS: Final = 1024

_PLAIN: Final = re.compile(r"[!#-<>-~]+")  # printable ASCII without space, quotation mark and equals sign
_RESERVED: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_TRUNCATED: Final = "..."


class LogfmtFormatter(logging.Formatter):
    """Formats a record as `time=… level=… msg="…"` followed by its extra fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record. An exception is logged with its type and place only: its text may hold data."""
        fields = {key: value for key, value in vars(record).items() if key not in _RESERVED}
        if record.exc_info and record.exc_info[1]:
            fields["error"] = describe(record.exc_info[1])
        pairs = {
            "time": timestamp(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "msg": record.getMessage(),
            "logger": record.name,
            **fields,
        }
        line = " ".join(f"{key}={quoted(value, MAX_VALUE_CHARACTERS)}" for key, value in pairs.items())
        return line[: MAX_LINE_BYTES - len(_TRUNCATED) - 1] + _TRUNCATED if len(line) >= MAX_LINE_BYTES else line


def timestamp(moment: datetime) -> str:
    """Return a moment in UTC as RFC 3339 text with milliseconds."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def quoted(value: Any, most: int = MAX_CLIENT_VALUE_CHARACTERS) -> str:
    """Return a value as ASCII text of one word, or in quotation marks; longer values are truncated."""
    text = str(value)
    if len(text) > most:
        text = text[:most] + _TRUNCATED
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if not (escaped.isascii() and escaped.isprintable()):
        escaped = "".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode("ascii") for c in escaped)
    return f'"{escaped}"'


def describe(error: BaseException) -> str:
    """Return an exception's type and the lines that it passed through, without its text.

    The text of a database error quotes the row, and that of a decoding error the bytes.
    """
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    places = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__module__}.{type(error).__qualname__} at {places}"


class StandardErrorHandler(logging.StreamHandler[TextIO]):
    """Writes to the current standard error."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """The current standard error."""
        return sys.stderr


_HANDLER: Final = "logfmt"


def init_logging() -> None:
    """Log everything in the process to standard error in one format. A second call has no effect."""
    # Source positions and threads are not logged, and looking them up takes as long as everything else together.
    logging._srcfile = None
    logging.logThreads = logging.logMultiprocessing = False
    root = logging.getLogger()
    for known in [handler for handler in root.handlers if handler.get_name() == _HANDLER]:
        if isinstance(known, StandardErrorHandler):
            return
        root.removeHandler(known)  # of an earlier copy of this module: gunicorn's workers load it again
    handler = StandardErrorHandler()
    handler.set_name(_HANDLER)
    handler.setFormatter(LogfmtFormatter())
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    # Alembic logs each of its plugins on import, even for `flask --help`.
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
