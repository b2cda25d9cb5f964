"""Logs: one line an event, as `key=value` pairs on standard error (protocol rules 6 and 9).

Alarms match the texts `http request` and `http response`, so these stay. What the public server logged besides, and
must not be known, does not: no address, no token, no code, no hashID, no download code, no payload (D11 and D17).
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from flask import Flask, Response, g, request

_LOGGED_ROUTE_VARIABLES: Final = frozenset({"region", "day", "date"})
_PLAIN: Final = re.compile(r"[!#-<>-~]+")  # printable ASCII without space, quotation mark and equals sign
_RESERVED: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class LogfmtFormatter(logging.Formatter):
    """Write a record as `time=… level=… msg="…"` and then its extra fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line. Of an exception only its type and place are told, since its text may hold data."""
        fields = {key: value for key, value in vars(record).items() if key not in _RESERVED}
        if record.exc_info and record.exc_info[1]:
            fields["error"] = describe(record.exc_info[1])
        pairs = {
            "time": _written(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "msg": record.getMessage(),
            "logger": record.name,
            **fields,
        }
        return " ".join(f"{key}={_quoted(value)}" for key, value in pairs.items())


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _quoted(value: Any) -> str:
    text = str(value)
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if not escaped.isprintable():
        escaped = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in escaped)
    return f'"{escaped}"'


def describe(error: BaseException) -> str:
    """Name an exception by its type and the lines that it passed through, without its text.

    A database error's text quotes the row, and a decoding error's text the bytes.
    """
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    places = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__module__}.{type(error).__qualname__} at {places}"


class StandardError(logging.StreamHandler[TextIO]):
    """Writes to what standard error is at that moment, as `_write` does."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """Standard error."""
        return sys.stderr


def init_logging() -> None:
    """Send every log of the process to standard error in one form. Calling it twice changes nothing."""
    # No line says from where in the source it came, nor from which thread: finding out takes as long as the rest.
    logging._srcfile = None
    logging.logThreads = logging.logMultiprocessing = False
    root = logging.getLogger()
    if any(isinstance(handler.formatter, LogfmtFormatter) for handler in root.handlers):
        return
    handler = StandardError()
    handler.setFormatter(LogfmtFormatter())
    root.addHandler(handler)
    root.setLevel(logging.INFO)


# The lines about requests are a part of what each request costs. They do without the machinery of `logging`, which
# takes longer than writing them does; only whether they are wanted is asked there.
_logger = logging.getLogger("http")


def init_request_logs(app: Flask) -> None:
    """Log each request that matched a route, once when it arrives and once when it is answered."""
    app.before_request(_log_request)
    app.after_request(_log_response)


def _log_request() -> None:
    if request.url_rule is None or not _logger.isEnabledFor(logging.INFO):
        return
    headers = _described(request.headers, ("Content-Type", "Content-Length", "Accept-Encoding"))
    _write(
        f'time={_written(datetime.now(UTC))} level=info msg="http request" logger=http '
        f"method={_quoted(request.method)} headers={_quoted(headers)} uuid={_quoted(g.request_id)}"
    )


def _log_response(response: Response) -> Response:
    rule = request.url_rule
    if rule is None or not _logger.isEnabledFor(logging.INFO):
        return response
    route, status = rule.rule, response.status_code  # not the path itself, which may hold a hashID or a download code
    headers = _described(response.headers, ("Content-Type", "Content-Length"))
    variables = "".join(
        f"route_{name}={_quoted(value)} "
        for name, value in (request.view_args or {}).items()
        if name in _LOGGED_ROUTE_VARIABLES
    )
    _write(
        f'time={_written(datetime.now(UTC))} level=info msg="http response" logger=http headers={_quoted(headers)} '
        f"path={route} route={route} {variables}statusCode={status} statusClass={status // 100}xx "
        f"uuid={_quoted(g.request_id)}"
    )
    return response


def log_served(prefix: str, region: str, day: str, status: int, size: int, uuid: str, now: datetime) -> None:
    """Log a download that was served on the short way: the same two lines, in one write."""
    if not _logger.isEnabledFor(logging.INFO):
        return
    route = f"/{prefix}/<digits(3):region>/<digits(5):day>/<anything:auth>"
    moment, uuid = _written(now), _quoted(uuid)
    _write(
        f'time={moment} level=info msg="http request" logger=http method=GET headers="" uuid={uuid}\n'
        f'time={moment} level=info msg="http response" logger=http '
        f'headers="Content-Type: application/zip; Content-Length: {size}" path={route} route={route} '
        f"route_region={region} route_day={day} statusCode={status} statusClass={status // 100}xx uuid={uuid}"
    )


def _described(headers: Any, names: Iterable[str]) -> str:
    found = ((name, headers.get(name)) for name in names)
    return "; ".join([f"{name}: {value}" for name, value in found if value is not None])


def _write(lines: str) -> None:
    """Write whole lines to standard error. Nobody reading them is no reason to fail a request."""
    try:
        sys.stderr.write(lines + "\n")
    except OSError:
        return
