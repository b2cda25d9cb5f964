"""`/upload`: a phone sends its keys in a sealed box; the answer is EncryptedUploadResponse (sections G and H)."""

import logging
from datetime import datetime

from flask import Blueprint, Response, current_app

from app.web.clock import current_time
from app.domain.uploads import UploadError, UploadRefused
from app.web.errors import on_fault
from app.web.context import current_database, current_ring, current_settings
from app.proto import codec
from app.web.rate_limits import UPLOAD, TooManyRequests, limit_network
from app.web.responses import protobuf, protobuf_error
from app.web.routing import add_route
from app.submission.decoys import Sample, accept_decoy
from app.submission.uploads import accept_upload
from app.submission.views.body import BodyUnreadable, closing_if_unread, read_body
from app.submission.views.decoys import is_decoy, pad_answers

uploads = Blueprint("uploads", __name__)

_logger = logging.getLogger(__name__)


def upload() -> Response:
    """Take a phone's keys (rules 47 to 70). Any method will do."""
    now = current_time()
    limit_network(UPLOAD, now)
    try:
        body = read_body(current_settings().max_upload_body_bytes)
        if is_decoy():
            return _decoy(now)
        envelope = codec.decode_encrypted_upload(body)
    except (BodyUnreadable, codec.MalformedMessage) as error:
        return closing_if_unread(error, _refused(UploadRefused(UploadError.UNKNOWN)))
    accept_upload(current_database(), current_settings(), current_ring(), envelope, now)
    return protobuf(codec.encode_upload_success())


def _decoy(now: datetime) -> Response:
    sample: Sample = current_app.extensions["decoy_sample"]
    accept_decoy(current_database(), current_settings(), current_ring(), sample, now)
    return protobuf(codec.encode_upload_success())


@uploads.errorhandler(UploadRefused)
def _refused(refused: UploadRefused) -> Response:
    _logger.warning("upload refused", extra={"reason": refused.error.name})
    return protobuf_error(codec.encode_upload_error(refused.error), 401 if refused.is_unauthorized else 400)


@uploads.errorhandler(TooManyRequests)
def _too_many(refused: TooManyRequests) -> Response:
    return protobuf_error(codec.encode_upload_error(UploadError.UNKNOWN), 429, refused.headers)


pad_answers(uploads)
on_fault(uploads, lambda: protobuf_error(codec.encode_upload_error(UploadError.SERVER_ERROR), 500))
add_route(uploads, "/upload", upload)
