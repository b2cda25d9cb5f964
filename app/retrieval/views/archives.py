"""`/retrieve` and `/qr`: phones fetch the archive of a period (section I and rule 105)."""

from typing import Final

from flask import Response, request

from app.domain.errors import PeriodUnavailableError, UnavailablePeriod
from app.domain.exports import check_period
from app.retrieval.downloads import (
    KEYS,
    OUTBREAKS,
    Download,
    authentic_hour,
    cache_control,
    canonical_path,
    request_target,
)
from app.web.blueprints import Blueprint
from app.web.context import current_context, current_time
from app.web.responses import NO_STORE, ZIP, conditional, plain_error
from app.web.security import authenticates_itself, unauthorized

archives = Blueprint("archives", __name__)
outbreak_archives = Blueprint("outbreak_archives", __name__)

# The status and the public server's text (rules 76 to 78).
_UNAVAILABLE: Final = {
    UnavailablePeriod.CURRENT: (404, "cannot serve data for current period for privacy reasons"),
    UnavailablePeriod.FUTURE: (404, "cannot request future data"),
    UnavailablePeriod.PAST: (410, "requested data no longer valid"),
}


@archives.route(KEYS.route)
@authenticates_itself
def retrieve(region: str, day: str, auth: str) -> Response:  # noqa: ARG001 - any region is redirected to our own
    """Serve the diagnosis keys of a period."""
    return _serve(KEYS, day, auth)


@outbreak_archives.route(OUTBREAKS.route)
@authenticates_itself
def retrieve_outbreaks(region: str, day: str, auth: str) -> Response:  # noqa: ARG001
    """Serve the outbreak events of a period."""
    return _serve(OUTBREAKS, day, auth)


def _serve(download: Download, day: str, auth: str) -> Response:
    context, now = current_context(), current_time()
    settings = context.settings.retrieval
    hour = authentic_hour(auth, settings.retrieve_hmac_key, settings.region_code, day, now)
    if hour is None:
        return unauthorized()
    if request.method != "GET":  # after authentication, as on the public server (rule 74)
        return plain_error("method not allowed", 405, {"Allow": "GET"})
    path = canonical_path(download, settings.region_code, day, auth)
    if request_target(request.environ) != path:
        # Not to be stored: a cache that stores responses under a normalised path would answer the canonical one with a
        # redirect to itself.
        redirect = Response(status=301, headers={"Location": path} | NO_STORE)
        del redirect.headers["Content-Type"]
        return redirect
    period = int(day)
    check_period(period, now, settings.export_policy)
    archive = context.retrieval.archives.get(download.kind, period, now)
    headers = {"Cache-Control": cache_control(settings, period, hour, now)}
    response = Response(archive.body, 200, headers, content_type=ZIP)
    return conditional(response, archive.etag) if archive.etag else response


def _unavailable(error: PeriodUnavailableError) -> Response:
    status, text = _UNAVAILABLE[error.reason]
    return plain_error(text, status)


def _fault() -> Response:
    return plain_error("database error", 500)


for _blueprint in (archives, outbreak_archives):
    _blueprint.register_error_handler(PeriodUnavailableError, _unavailable)
    _blueprint.fault_response(_fault)
