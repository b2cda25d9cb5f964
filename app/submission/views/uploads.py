"""`/upload`: a phone sends its keys, encrypted; the response is EncryptedUploadResponse (sections G and H)."""

import logging

from flask import Response

from app.domain.errors import MalformedMessageError, TooManyRequestsError, UnreadableBodyError, UploadError
from app.domain.uploads import UploadErrorCode
from app.proto import codec
from app.submission.views.decoys import admit_decoy, pad_response
from app.web.blueprints import Blueprint
from app.web.body import close_if_unread, read_body
from app.web.context import current_context, current_settings, current_time
from app.web.rate_limits import UPLOAD, limit_network
from app.web.responses import protobuf, protobuf_error

uploads = Blueprint("uploads", __name__)
uploads.after_request(pad_response)

_logger = logging.getLogger(__name__)


@uploads.route("/upload")
def upload() -> Response:
    """Store a phone's keys (rules 47 to 70). Any method is accepted."""
    now, submission = current_time(), current_context().submission
    limit_network(UPLOAD, now)
    try:
        body = read_body(current_settings().submission.max_upload_body_bytes)
        if admit_decoy(now):
            submission.decoys.upload(now)
            return protobuf(codec.encode_upload_success())
        encrypted = codec.decode_encrypted_upload(body)
    except (UnreadableBodyError, MalformedMessageError) as error:
        return close_if_unread(error, _refused(UploadError(UploadErrorCode.UNKNOWN)))
    submission.uploads.accept(encrypted, now)
    return protobuf(codec.encode_upload_success())


@uploads.errorhandler(UploadError)
def _refused(error: UploadError) -> Response:
    _logger.warning("upload refused", extra={"reason": error.code.name})
    return protobuf_error(codec.encode_upload_error(error.code), 401 if error.is_unauthorized else 400)


@uploads.errorhandler(TooManyRequestsError)
def _too_many_requests(error: TooManyRequestsError) -> Response:
    return protobuf_error(codec.encode_upload_error(UploadErrorCode.UNKNOWN), 429, error.headers)


@uploads.fault_response
def _fault() -> Response:
    return protobuf_error(codec.encode_upload_error(UploadErrorCode.SERVER_ERROR), 500)
