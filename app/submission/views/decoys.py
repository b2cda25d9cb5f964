"""Decoys and padding in HTTP: the header field `X-Decoy`, and responses of one size.

A phone that sends decoys sends `X-Decoy: 1` with them and `X-Decoy: 0` with real requests, so that all its requests
have one size. Responses to a phone that sends neither are unchanged.
"""

from datetime import datetime
from typing import Final

from flask import Response, request

from app.web.rate_limits import limit_decoys

DECOY: Final = "X-Decoy"
PADDING: Final = "X-Padding"

# Status line, header and body, without what the web server adds to every response and without the request identifier.
# The longest response, to a successful claim, has 110 bytes.
RESPONSE_BYTES: Final = 256


def is_decoy() -> bool:
    """Return whether the request is a decoy."""
    return request.headers.get(DECOY) == "1"


def admit_decoy(now: datetime) -> bool:
    """Return whether the request is a decoy, after counting it; raise TooManyRequestsError if there were too many."""
    if DECOY in request.headers:
        limit_decoys(now, is_decoy=is_decoy())
    return is_decoy()


def pad_response(response: Response) -> Response:
    """Give a response the common size, if the phone sends decoys."""
    if DECOY in request.headers:
        response.headers[PADDING] = ""
        response.headers[PADDING] = "0" * max(0, RESPONSE_BYTES - size_of(response))
    return response


def size_of(response: Response) -> int:
    """Return the size of a response in bytes, without what is added to all responses alike."""
    body = len(response.get_data())
    fields = [(name, value) for name, value in response.headers.items() if name != "Connection"]
    header = sum(len(name) + len(value) + len(": \r\n") for name, value in fields)
    return len(response.status) + header + body
