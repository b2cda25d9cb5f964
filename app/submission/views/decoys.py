"""Decoys and padding, as HTTP sees them: the header field `X-Decoy`, and answers that all have one size.

A phone that sends decoys sends `X-Decoy: 1` with them, and `X-Decoy: 0` with what it means, so that requests have one
size too. A phone that sends neither is answered as ever.
"""

from typing import Final

from flask import Blueprint, Response, request

DECOY: Final = "X-Decoy"
PADDING: Final = "X-Padding"

# Status line, header and body together, without what the web server adds to every answer and the request's own
# identifier. The longest answer, a good claim, has 110.
ANSWER_BYTES: Final = 256


def is_decoy() -> bool:
    """Tell whether the phone says that it does not mean this request."""
    return request.headers.get(DECOY) == "1"


def pad_answers(blueprint: Blueprint) -> None:
    """Let a blueprint's answers have one size, if the phone sends decoys."""
    blueprint.after_request(_pad)


def _pad(response: Response) -> Response:
    if DECOY in request.headers:
        response.headers[PADDING] = ""
        response.headers[PADDING] = "0" * max(0, ANSWER_BYTES - size_of(response))
    return response


def size_of(response: Response) -> int:
    """Return the bytes of an answer, without what is added to all answers alike."""
    body = len(response.get_data())
    fields = [(name, value) for name, value in response.headers.items() if name != "Connection"]
    header = sum(len(name) + len(value) + len(": \r\n") for name, value in fields)
    return len(response.status) + header + body
