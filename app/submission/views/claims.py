"""`/claim-key`: a phone trades a code for a server key, as KeyClaimResponse (protocol sections E and F)."""

import logging
from datetime import timedelta

from flask import Blueprint, Response

from app.web.clock import current_time
from app.domain.claims import ClaimError, ClaimRefused
from app.domain.limits import MAX_CLAIM_BODY_BYTES
from app.web.errors import on_fault
from app.web.context import current_database, current_ring, current_settings
from app.proto import codec
from app.web.rate_limits import CLAIM_KEY, TooManyRequests, limit_network
from app.web.responses import protobuf, protobuf_error
from app.web.routing import add_route
from app.web.security import current_network
from app.submission import claims as service
from app.submission.decoys import claim_decoy
from app.submission.views.body import BodyUnreadable, closing_if_unread, read_body
from app.submission.views.decoys import is_decoy, pad_answers

claims = Blueprint("claims", __name__)

_logger = logging.getLogger(__name__)


def claim_key() -> Response:
    """Trade a code for a server key (rules 26 to 42). Any method will do."""
    now, settings, database, network = current_time(), current_settings(), current_database(), current_network()
    limit_network(CLAIM_KEY, now)
    try:
        body = read_body(MAX_CLAIM_BODY_BYTES)
        if is_decoy():
            return _granted(claim_decoy(database, settings, current_ring(), network, now))
        claim = codec.decode_claim_request(body)
    except (BodyUnreadable, codec.MalformedMessage) as error:
        refused = service.refuse_malformed(database, settings, network, now, ClaimError.UNKNOWN)
        return closing_if_unread(error, _refused(refused))
    return _granted(service.claim_key(database, settings, current_ring(), claim, network, now))


def _granted(granted: service.Granted) -> Response:
    return protobuf(codec.encode_claim_success(granted.server_public_key, granted.tries_remaining))


@claims.errorhandler(ClaimRefused)
def _refused(refused: ClaimRefused) -> Response:
    settings = current_settings()
    _logger.warning("claim refused", extra={"reason": refused.error.name})
    ban = service.remaining_ban(settings, refused, current_time())
    body = codec.encode_claim_error(refused.error, refused.standing.tries_remaining(settings.ban_policy), ban)
    return protobuf_error(body, _status(refused))


def _status(refused: ClaimRefused) -> int:
    if refused.error is ClaimError.TEMPORARY_BAN:
        return 429
    return 400 if refused.is_malformed else 401


@claims.errorhandler(TooManyRequests)
def _too_many(refused: TooManyRequests) -> Response:
    """Answer as a ban is answered, since that is what phones know."""
    body = codec.encode_claim_error(ClaimError.TEMPORARY_BAN, 0, timedelta(seconds=refused.seconds))
    return protobuf_error(body, 429, refused.headers)


pad_answers(claims)
on_fault(claims, lambda: protobuf_error(codec.encode_claim_error(ClaimError.SERVER_ERROR, 0, None), 500))
add_route(claims, "/claim-key", claim_key)
