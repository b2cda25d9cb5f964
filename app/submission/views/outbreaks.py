"""`/qr/new-event`: a health authority reports an outbreak; the response is OutbreakEventResponse (rule 104)."""

import logging

from flask import Response

from app.domain.errors import MalformedMessageError, OutbreakError, TooManyRequestsError, UnreadableBodyError
from app.domain.limits import MAX_OUTBREAK_BODY_BYTES
from app.domain.outbreaks import OutbreakErrorCode
from app.proto import codec
from app.web.blueprints import Blueprint
from app.web.body import close_if_unread, read_body
from app.web.context import current_context, current_time
from app.web.rate_limits import OUTBREAKS, limit_client
from app.web.responses import protobuf, protobuf_error
from app.web.security import allow_only, requires_bearer

outbreaks = Blueprint("outbreaks", __name__)

_logger = logging.getLogger(__name__)


@outbreaks.route("/qr/new-event")
@allow_only("POST")
@requires_bearer
def new_event(originator: str) -> Response:
    """Store an outbreak event."""
    now = current_time()
    limit_client(OUTBREAKS, originator, now)
    try:
        event = codec.decode_outbreak_event(read_body(MAX_OUTBREAK_BODY_BYTES))
    except (UnreadableBodyError, MalformedMessageError) as error:
        return close_if_unread(error, _refused(OutbreakError(OutbreakErrorCode.UNKNOWN)))
    current_context().submission.outbreaks.report(event, originator, now)
    return protobuf(codec.encode_outbreak_response(None))


@outbreaks.errorhandler(OutbreakError)
def _refused(error: OutbreakError) -> Response:
    _logger.warning("outbreak event refused", extra={"reason": error.code.name})
    return protobuf_error(codec.encode_outbreak_response(error.code), 400)


@outbreaks.errorhandler(TooManyRequestsError)
def _too_many_requests(error: TooManyRequestsError) -> Response:
    return protobuf_error(codec.encode_outbreak_response(OutbreakErrorCode.UNKNOWN), 429, error.headers)


@outbreaks.fault_response
def _fault() -> Response:
    return protobuf_error(codec.encode_outbreak_response(OutbreakErrorCode.SERVER_ERROR), 500)
