"""`/claim-key`: a phone trades a code for a server key, as KeyClaimResponse (sections E and F)."""

import logging
from datetime import timedelta

from flask import Response

from app.domain.claims import ClaimErrorCode
from app.domain.errors import ClaimError, MalformedMessageError, TooManyRequestsError, UnreadableBodyError
from app.domain.limits import MAX_CLAIM_BODY_BYTES
from app.measuring.instruments import ClaimResult
from app.proto import codec
from app.submission.claims import ClaimSuccess
from app.submission.views.decoys import admit_decoy, is_decoy, pad_response
from app.web.blueprints import Blueprint
from app.web.body import close_if_unread, read_body
from app.web.context import current_context, current_time
from app.web.rate_limits import CLAIM_KEY, limit_network
from app.web.responses import protobuf, protobuf_error
from app.web.security import current_network

claims = Blueprint("claims", __name__)
claims.after_request(pad_response)

_logger = logging.getLogger(__name__)


@claims.route("/claim-key")
def claim_key() -> Response:
    """Trade a code for a server key (rules 26 to 42). Any method is accepted."""
    now, network, submission = current_time(), current_network(), current_context().submission
    limit_network(CLAIM_KEY, now)
    try:
        body = read_body(MAX_CLAIM_BODY_BYTES)
        if admit_decoy(now):
            return _success(submission.decoys.claim(network, now))
        request = codec.decode_claim_request(body)
    except (UnreadableBodyError, MalformedMessageError) as error:
        refused = submission.claims.malformed(ClaimErrorCode.UNKNOWN, network, now)
        return close_if_unread(error, _refused(refused))
    success = submission.claims.claim(request, network, now)
    _count(ClaimResult.CLAIMED, success.originator)
    return _success(success)


def _count(result: ClaimResult, originator: str | None = None) -> None:
    """Count a claim, unless it is a decoy. `originator` is that of a code that was claimed."""
    if is_decoy():
        return
    instruments = current_context().instruments
    instruments.count_claim(result)
    if originator is not None:
        instruments.count_claimed_code(originator)


def _success(success: ClaimSuccess) -> Response:
    return protobuf(codec.encode_claim_success(success.server_public_key, success.tries_remaining))


@claims.errorhandler(ClaimError)
def _refused(error: ClaimError) -> Response:
    _logger.warning("claim refused", extra={"reason": error.code.name})
    _count(ClaimResult.BANNED if error.code is ClaimErrorCode.TEMPORARY_BAN else ClaimResult.REFUSED)
    service = current_context().submission.claims
    ban = service.remaining_ban(error, current_time())
    return protobuf_error(codec.encode_claim_error(error.code, service.tries_remaining(error), ban), _status(error))


def _status(error: ClaimError) -> int:
    if error.code is ClaimErrorCode.TEMPORARY_BAN:
        return 429
    return 400 if error.is_malformed else 401


@claims.errorhandler(TooManyRequestsError)
def _too_many_requests(error: TooManyRequestsError) -> Response:
    """Respond as to a ban, which phones understand."""
    body = codec.encode_claim_error(ClaimErrorCode.TEMPORARY_BAN, 0, timedelta(seconds=error.seconds))
    return protobuf_error(body, 429, error.headers)


@claims.fault_response
def _fault() -> Response:
    _count(ClaimResult.FAILED)
    return protobuf_error(codec.encode_claim_error(ClaimErrorCode.SERVER_ERROR, 0, None), 500)
