"""Logs: one line for each event, as `key=value` pairs on standard error (rules 6 and 9).

Alarms match the texts `http request` and `http response`. Nothing that the public server should not have logged is
logged here: no address, token, code, hashID, download code or payload (D11, D17). Every value that a client chose is
truncated, and a line is shorter than PIPE_BUF, so that lines of processes that share a pipe never interleave.
"""

import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from flask import Flask, Response, g, request

# PIPE_BUF of Linux, up to which a write to a pipe is atomic (pipe(7)).
MAX_LINE_BYTES: Final = 4096
MAX_CLIENT_VALUE_CHARACTERS: Final = 128
_MAX_VALUE_CHARACTERS: Final = 1024

_LOGGED_ROUTE_VARIABLES: Final = frozenset({"region", "day", "date"})
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
            "time": _timestamp(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "msg": record.getMessage(),
            "logger": record.name,
            **fields,
        }
        line = " ".join(f"{key}={_quoted(value, _MAX_VALUE_CHARACTERS)}" for key, value in pairs.items())
        return line[: MAX_LINE_BYTES - len(_TRUNCATED) - 1] + _TRUNCATED if len(line) >= MAX_LINE_BYTES else line


def _timestamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _quoted(value: Any, most: int = MAX_CLIENT_VALUE_CHARACTERS) -> str:
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
    """Writes to the current standard error, as `_write` does."""

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


# Request lines are part of the cost of each request, so they bypass `logging`, except for the level.
_logger = logging.getLogger("http")


def init_request_logs(app: Flask) -> None:
    """Log each request that matched a route, when it arrives and when it is answered."""
    app.before_request(_log_request)
    app.after_request(_log_response)


def _log_request() -> None:
    if request.url_rule is None or not _logger.isEnabledFor(logging.INFO):
        return
    environ = request.environ
    headers = _described(
        ("Content-Type", environ.get("CONTENT_TYPE")),
        ("Content-Length", environ.get("CONTENT_LENGTH")),
        ("Accept-Encoding", environ.get("HTTP_ACCEPT_ENCODING")),
    )
    _write(
        f'time={_timestamp(datetime.now(UTC))} level=info msg="http request" logger=http '
        f"method={_quoted(request.method)} headers={headers} uuid={_quoted(g.request_id)}"
    )


def _log_response(response: Response) -> Response:
    rule = request.url_rule
    if rule is None or not _logger.isEnabledFor(logging.INFO):
        return response
    route, status = rule.rule, response.status_code  # the path itself may hold a hashID or a download code
    headers = _described(*((name, response.headers.get(name)) for name in ("Content-Type", "Content-Length")))
    variables = "".join(
        f"route_{name}={_quoted(value)} "
        for name, value in (request.view_args or {}).items()
        if name in _LOGGED_ROUTE_VARIABLES
    )
    _write(
        f'time={_timestamp(datetime.now(UTC))} level=info msg="http response" logger=http headers={headers} '
        f"path={route} route={route} {variables}statusCode={status} statusClass={status // 100}xx "
        f"uuid={_quoted(g.request_id)}"
    )
    return response


def log_download(route: str, region: str, day: str, status: int, size: int, uuid: str, now: datetime) -> None:
    """Log a download that was served on the fast path: the same two lines, in one write."""
    if not _logger.isEnabledFor(logging.INFO):
        return
    moment, uuid = _timestamp(now), _quoted(uuid)
    _write(
        f'time={moment} level=info msg="http request" logger=http method=GET headers="" uuid={uuid}\n'
        f'time={moment} level=info msg="http response" logger=http '
        f'headers="Content-Type: application/zip; Content-Length: {size}" path={route} route={route} '
        f"route_region={region} route_day={day} statusCode={status} statusClass={status // 100}xx uuid={uuid}"
    )


def _described(*fields: tuple[str, str | None]) -> str:
    described = [f"{name}: {value[:MAX_CLIENT_VALUE_CHARACTERS]}" for name, value in fields if value is not None]
    return _quoted("; ".join(described), _MAX_VALUE_CHARACTERS)


def _write(lines: str) -> None:
    """Write whole lines to standard error. A closed log must not fail a request."""
    try:
        sys.stderr.write(lines + "\n")
    except OSError:
        return
