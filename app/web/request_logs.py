"""The two log lines of each request (rule 6). Alarms match their texts, `http request` and `http response`.

Nothing that the public server should not have logged is logged here: no address, token, code, hashID, download code or
payload (D11, D17). Every value that a client chose is truncated.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Final

from flask import Flask, Response, g, request

from app.web.logs import MAX_CLIENT_VALUE_CHARACTERS, MAX_VALUE_CHARACTERS, quoted, timestamp

_LOGGED_ROUTE_VARIABLES: Final = frozenset({"region", "day", "date"})

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
        f'time={timestamp(datetime.now(UTC))} level=info msg="http request" logger=http '
        f"method={quoted(request.method)} headers={headers} uuid={quoted(g.request_id)}"
    )


def _log_response(response: Response) -> Response:
    rule = request.url_rule
    if rule is None or not _logger.isEnabledFor(logging.INFO):
        return response
    route, status = rule.rule, response.status_code  # the path itself may hold a hashID or a download code
    headers = _described(*((name, response.headers.get(name)) for name in ("Content-Type", "Content-Length")))
    variables = "".join(
        f"route_{name}={quoted(value)} "
        for name, value in (request.view_args or {}).items()
        if name in _LOGGED_ROUTE_VARIABLES
    )
    _write(
        f'time={timestamp(datetime.now(UTC))} level=info msg="http response" logger=http headers={headers} '
        f"path={route} route={route} {variables}statusCode={status} statusClass={status // 100}xx "
        f"uuid={quoted(g.request_id)}"
    )
    return response


def log_download(route: str, region: str, day: str, status: int, size: int | None, uuid: str, now: datetime) -> None:
    """Log a download that was served on the fast path: the same two lines, in one write.

    `size` is None if the response has no body.
    """
    if not _logger.isEnabledFor(logging.INFO):
        return
    moment, uuid = timestamp(now), quoted(uuid)
    headers = "" if size is None else f"Content-Type: application/zip; Content-Length: {size}"
    _write(
        f'time={moment} level=info msg="http request" logger=http method=GET headers="" uuid={uuid}\n'
        f'time={moment} level=info msg="http response" logger=http '
        f'headers="{headers}" path={route} route={route} '
        f"route_region={region} route_day={day} statusCode={status} statusClass={status // 100}xx uuid={uuid}"
    )


def _described(*fields: tuple[str, str | None]) -> str:
    described = [f"{name}: {value[:MAX_CLIENT_VALUE_CHARACTERS]}" for name, value in fields if value is not None]
    return quoted("; ".join(described), MAX_VALUE_CHARACTERS)


def _write(lines: str) -> None:
    """Write whole lines to standard error. A closed log must not fail a request."""
    try:
        sys.stderr.write(lines + "\n")
    except OSError:
        return
