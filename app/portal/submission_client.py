"""Requests of the portal to submission, with the token of a jurisdiction.

A request is repeated once if there is no answer in time or the server fails. That cannot leave two codes: the same
hashID replaces an unclaimed code. No answer is logged, because it may be a code.
"""

import json
import logging
import re
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import urllib3
from urllib3.exceptions import HTTPError

from app.domain.codes import DIGITS, LETTERS, CodeStatus
from app.domain.errors import (
    HashIdClaimedError,
    SubmissionRefusedError,
    SubmissionUnavailableError,
    TooManyRequestsError,
)
from app.domain.limits import MAX_ONE_TIME_CODE_CHARACTERS
from app.domain.outbreaks import OutbreakEvent
from app.portal.own_tokens import OwnTokens
from app.proto import codec

_logger = logging.getLogger(__name__)

SECONDS: Final = 5.0  # for everything that one request of a person needs
STATUS_SECONDS: Final = 2.0  # for what a page can do without
_NEW_TOKEN_SECONDS: Final = 2.2  # after which submission has read a token that was registered just now
_CODE: Final = re.compile(f"[{LETTERS}{DIGITS}]{{{MAX_ONE_TIME_CODE_CHARACTERS}}}")
_CONTENT_TYPES: Final = {"/qr/new-event": "application/protobuf"}
_MAX_ANSWER_BYTES: Final = 65_536


class SubmissionClient:
    """Issues and withdraws codes, reads what has become of them, and reports outbreaks."""

    def __init__(self, url: str, tokens: OwnTokens) -> None:
        """`url`: the address of submission, without a path."""
        self._url = url.rstrip("/")
        self._tokens = tokens
        self._pool = urllib3.PoolManager(maxsize=8, retries=False)

    def issue(self, label: str, hash_id: str, now: datetime) -> str:
        """Return a new code for a hashID, which replaces its unclaimed code.

        Raises HashIdClaimedError, SubmissionUnavailableError, SubmissionRefusedError or TooManyRequestsError.
        """
        status, body = self._request(label, f"/new-key-claim/{hash_id}", now, SECONDS)
        code = body.decode("ascii", "replace").strip()
        if status != 200 or not _CODE.fullmatch(code):
            raise _refusal(status)
        return code

    def withdraw(self, label: str, hash_id: str, now: datetime) -> CodeStatus:
        """Withdraw the unclaimed code of a hashID; return WITHDRAWN, or UNKNOWN if there is none.

        Raises the errors of `issue`.
        """
        status, body = self._request(label, f"/withdraw-code/{hash_id}", now, SECONDS)
        try:
            return CodeStatus(_object(status, body)["status"])
        except (KeyError, ValueError):
            raise _refusal(status) from None

    def statuses(self, label: str, hash_ids: Sequence[str], now: datetime) -> Mapping[str, CodeStatus]:
        """Return what has become of up to 100 codes, by hashID; raise the errors of `issue`."""
        message = json.dumps({"hash_ids": list(hash_ids)}).encode()
        status, body = self._request(label, "/code-status", now, STATUS_SECONDS, message, attempts=1)
        try:
            found = _object(status, body)["statuses"]
            return {hash_id: CodeStatus(found[hash_id]) for hash_id in hash_ids}
        except (KeyError, ValueError, TypeError):
            raise _refusal(status) from None

    def report_outbreak(self, label: str, event: OutbreakEvent, now: datetime) -> None:
        """Report an outbreak event, once: submission would store it twice. Raises the errors of `issue`."""
        message = codec.encode_outbreak_event(event)
        status, _ = self._request(label, "/qr/new-event", now, SECONDS, message, attempts=1)
        if status != 200:
            raise _refusal(status)

    def _request(
        self, label: str, path: str, now: datetime, seconds: float, body: bytes = b"", attempts: int = 2
    ) -> tuple[int, bytes]:
        """Return the status and the body of an answer that is no error of the server."""
        deadline = time.monotonic() + seconds
        status, answer = self._repeat(path, body, self._tokens.of(label, now), deadline, attempts)
        if status == 401 and self._tokens.register_again(label, now):
            time.sleep(max(0.0, min(_NEW_TOKEN_SECONDS, deadline - time.monotonic())))
            status, answer = self._repeat(path, body, self._tokens.of(label, now), deadline, 1)
        if status == 403:
            raise HashIdClaimedError
        return status, answer

    def _repeat(self, path: str, body: bytes, token: str | None, deadline: float, attempts: int) -> tuple[int, bytes]:
        if token is None:
            raise SubmissionRefusedError("no token")
        for attempt in range(1, attempts + 1):
            # What is left is shared by the attempts that are left.
            seconds = (deadline - time.monotonic()) / (attempts - attempt + 1)
            try:
                status, answer = self._send(path, body, token, max(seconds, 0.1))
            except HTTPError as error:
                _logger.warning("no response from submission", extra={"reason": type(error).__name__})
                continue
            if status < 500:
                return status, answer
            _logger.warning("error of submission", extra={"status": status})
        raise SubmissionUnavailableError

    def _send(self, path: str, body: bytes, token: str, seconds: float) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": _CONTENT_TYPES.get(path, "application/json")}
        response = self._pool.request(
            "POST",
            self._url + path,
            body=body,
            headers=headers,
            timeout=urllib3.Timeout(total=seconds),
            redirect=False,
            preload_content=False,
        )
        try:
            return response.status, response.read(_MAX_ANSWER_BYTES)
        finally:
            response.release_conn()


def _object(status: int, body: bytes) -> dict[str, Any]:
    if status != 200:
        raise _refusal(status)
    try:
        answer = json.loads(body)
    except ValueError:
        raise _refusal(status) from None
    if not isinstance(answer, dict):
        raise _refusal(status)
    return answer


def _refusal(status: int) -> Exception:
    """Return the error for an answer that is not what was requested."""
    if status == 429:
        return TooManyRequestsError(60)
    _logger.error("request refused by submission", extra={"status": status})
    return SubmissionRefusedError(f"status {status}")
