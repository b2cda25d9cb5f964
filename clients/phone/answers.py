"""Which answers of a server a phone may use. Each that is not in the protocol raises an error with one sentence.

The rules are stricter than a real app's: a real app may follow a redirect, or take an empty 200 for a success.
"""

from typing import TypeVar

import requests
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet
from urllib3.exceptions import NameResolutionError, ProtocolError, ReadTimeoutError

from clients.phone import exposure_pb2 as pb
from clients.phone.errors import DownloadRefusedError, ExitStatus, MalformedError, UnreachableError

PROTOBUF = ("application/x-protobuf", "application/protobuf")
ZIP = ("application/zip",)
JSON = ("application/json",)

Message = TypeVar("Message", pb.KeyClaimResponse, pb.EncryptedUploadResponse)


def check_download(answer: requests.Response, what: str, types: tuple[str, ...]) -> bytes:
    """Return the body of a download, which must be exactly a 200 of the right content type."""
    _check_not_redirected(answer, what)
    if answer.status_code >= 400:
        lines = answer.content.decode(errors="replace").splitlines()
        reason = lines[0] if lines and not _is_html(answer) else ""
        raise DownloadRefusedError(what, answer.status_code, reason)
    _check_success(answer, what)
    _check_type(answer, what, types)
    return answer.content


def check_message(answer: requests.Response, what: str, kind: type[Message]) -> tuple[str, Message]:
    """Return the message of an answer and the name of its error: NONE only for a success.

    An error must be a message too, because the app shows the error that it finds in it.
    """
    _check_not_redirected(answer, what)
    if answer.status_code < 400:
        _check_success(answer, what)
    _check_type(answer, what, PROTOBUF)
    try:
        message = kind.FromString(answer.content)
    except DecodeError:
        raise MalformedError(
            ExitStatus.NOT_A_MESSAGE, f"{what} (HTTP {answer.status_code}) is not a message, or a truncated one"
        ) from None
    error = kind.ErrorCode.Name(message.error)
    # The field of an error that a later version of the protocol adds is unknown, and its number all that it has.
    unknown = UnknownFieldSet(message)
    for field in (unknown[index] for index in range(len(unknown))):
        if field.field_number == kind.ERROR_FIELD_NUMBER:
            error = str(field.data)
    if answer.status_code == 200 and error != "NONE":
        raise MalformedError(
            ExitStatus.ERROR_IN_SUCCESS, f"{what} has status 200 and the error {error}: a phone takes it for a success"
        )
    if answer.status_code != 200 and error == "NONE":
        raise MalformedError(
            ExitStatus.NO_ERROR_NAMED, f"{what} has status {answer.status_code}, but its message names no error"
        )
    return error, message


def unreachable(error: requests.RequestException, url: str) -> UnreachableError:
    """Return what a failed connection means, without the path of the request: it may hold a MAC."""
    server = "/".join(url.split("/")[:3])
    causes = _causes(error)

    def is_any(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if is_any(ValueError):  # requests raises it for a malformed address
        return UnreachableError(f"{server} is not an address that begins with http:// or https://")
    if is_any(NameResolutionError):
        return UnreachableError(f"the name of {server} is not known")
    if is_any(ConnectionRefusedError):
        return UnreachableError(f"{server} refused the connection")
    if is_any(requests.exceptions.SSLError):
        return UnreachableError(f"the certificate of {server} was not accepted")
    if is_any(requests.ConnectTimeout):
        return UnreachableError(f"no connection to {server} within the time-out", ExitStatus.TIMED_OUT)
    if is_any(requests.Timeout, ReadTimeoutError):
        return UnreachableError(f"{server} accepted the request, but did not answer in time", ExitStatus.TIMED_OUT)
    if is_any(ConnectionError, ProtocolError):
        return UnreachableError(f"{server} closed the connection before its answer was complete")
    return UnreachableError(f"{server} did not answer: {type(error).__name__}")


def _causes(error: BaseException) -> list[BaseException]:
    """Return an error and everything below it: requests and urllib3 wrap each other's errors."""
    causes = [error]
    for cause in causes:  # grows while it is read
        below = (cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args)
        causes += [one for one in below if isinstance(one, BaseException) and one not in causes]
    return causes


def _check_not_redirected(answer: requests.Response, what: str) -> None:
    if 300 <= answer.status_code < 400:
        raise MalformedError(
            ExitStatus.REDIRECTED,
            f"{what} is a redirect (HTTP {answer.status_code}), which phones do not follow: check the address",
        )


def _check_success(answer: requests.Response, what: str) -> None:
    if answer.status_code != 200:
        raise MalformedError(ExitStatus.NOT_200, f"{what} has status {answer.status_code}, where only 200 is a success")
    if not answer.content:
        raise MalformedError(ExitStatus.EMPTY, f"{what} is an empty 200: a phone takes it for a success")


def _check_type(answer: requests.Response, what: str, types: tuple[str, ...]) -> None:
    """Raise MalformedError for another content type than expected. An answer without one is judged by its body."""
    status = answer.status_code
    if _is_html(answer):
        raise MalformedError(ExitStatus.HTML, f"{what} (HTTP {status}) is a page of HTML: is a proxy in between?")
    given = _content_type(answer)
    if given and given not in types:
        raise MalformedError(ExitStatus.CONTENT_TYPE, f"{what} (HTTP {status}) is {given}, not {types[0]}")
    if not answer.content:
        raise MalformedError(ExitStatus.EMPTY, f"{what} (HTTP {status}) is empty")


def _is_html(answer: requests.Response) -> bool:
    return _content_type(answer) == "text/html" or answer.content.lstrip()[:1] == b"<"


def _content_type(answer: requests.Response) -> str:
    given: str = answer.headers.get("Content-Type", "")
    return given.partition(";")[0].strip().lower()
