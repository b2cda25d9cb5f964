"""`/retrieve` and `/qr`: phones fetch the archive of a period (protocol section I and rule 105)."""

from flask import Blueprint, Response, request

from app.web.clock import current_time
from app.domain.exports import PeriodUnavailable, check_period
from app.web.errors import on_fault
from app.web.context import current_library, current_settings
from app.web.responses import CACHE_CONTROL_ARCHIVE, ZIP, conditional, plain_error
from app.retrieval.auth import is_authentic
from app.web.routing import add_route
from app.web.security import checks_itself, unauthorized
from app.store.export_archives import ArchiveKind

archives = Blueprint("archives", __name__)
outbreak_archives = Blueprint("outbreak_archives", __name__)


@checks_itself
def retrieve(region: str, day: str, auth: str) -> Response:  # noqa: ARG001 - the path's region is ignored (rule 72)
    """Serve the exposure keys of a period."""
    return _serve(ArchiveKind.KEYS, day, auth)


@checks_itself
def retrieve_outbreaks(region: str, day: str, auth: str) -> Response:  # noqa: ARG001
    """Serve the outbreak events of a period."""
    return _serve(ArchiveKind.OUTBREAKS, day, auth)


def _serve(kind: ArchiveKind, day: str, auth: str) -> Response:
    now, settings = current_time(), current_settings()
    if not is_authentic(auth, settings.retrieve_hmac_key, settings.region_code, day, now):
        return unauthorized()
    if request.method != "GET":  # after the code, as the public server does (rule 74)
        return plain_error("method not allowed", 405, {"Allow": "GET"})
    period = int(day)
    check_period(period, now, settings.export_policy)
    archive = current_library().get(kind, period, now)
    response = Response(archive.body, 200, {"Cache-Control": CACHE_CONTROL_ARCHIVE}, content_type=ZIP)
    return conditional(response, archive.etag) if archive.etag else response


def _unavailable(error: PeriodUnavailable) -> Response:
    return plain_error(error.reason.text, error.reason.status)


for _blueprint in (archives, outbreak_archives):
    _blueprint.register_error_handler(PeriodUnavailable, _unavailable)
    on_fault(_blueprint, lambda: plain_error("database error", 500))
add_route(archives, "/retrieve/<digits(3):region>/<digits(5):day>/<anything:auth>", retrieve)
add_route(outbreak_archives, "/qr/<digits(3):region>/<digits(5):day>/<anything:auth>", retrieve_outbreaks)
