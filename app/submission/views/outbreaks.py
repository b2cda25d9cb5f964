"""`/qr/new-event`: an authority reports an outbreak; the answer is OutbreakEventResponse (rule 104)."""

import logging

from flask import Blueprint, Response

from app.web.clock import current_time
from app.domain.limits import MAX_OUTBREAK_BODY_BYTES
from app.domain.outbreaks import OutbreakError, OutbreakRefused
from app.web.errors import on_fault
from app.web.context import current_database
from app.proto import codec
from app.web.rate_limits import OUTBREAKS, TooManyRequests, limit_client
from app.web.responses import protobuf, protobuf_error
from app.web.routing import add_route
from app.web.security import only, requires_bearer
from app.submission.outbreaks import report_outbreak
from app.submission.views.body import BodyUnreadable, closing_if_unread, read_body

outbreaks = Blueprint("outbreaks", __name__)

_logger = logging.getLogger(__name__)


@only("POST")
@requires_bearer
def new_event(originator: str) -> Response:
    """Take an outbreak event."""
    now = current_time()
    limit_client(OUTBREAKS, originator, now)
    try:
        event = codec.decode_outbreak_event(read_body(MAX_OUTBREAK_BODY_BYTES))
    except (BodyUnreadable, codec.MalformedMessage) as error:
        return closing_if_unread(error, _refused(OutbreakRefused(OutbreakError.UNKNOWN)))
    report_outbreak(current_database(), event, originator, now)
    return protobuf(codec.encode_outbreak_response(None))


@outbreaks.errorhandler(OutbreakRefused)
def _refused(refused: OutbreakRefused) -> Response:
    _logger.warning("outbreak event refused", extra={"reason": refused.error.name})
    return protobuf_error(codec.encode_outbreak_response(refused.error), 400)


@outbreaks.errorhandler(TooManyRequests)
def _too_many(refused: TooManyRequests) -> Response:
    return protobuf_error(codec.encode_outbreak_response(OutbreakError.UNKNOWN), 429, refused.headers)


on_fault(outbreaks, lambda: protobuf_error(codec.encode_outbreak_response(OutbreakError.SERVER_ERROR), 500))
add_route(outbreaks, "/qr/new-event", new_event)
