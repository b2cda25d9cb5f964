"""A health authority: it requests one-time codes."""

import re

import requests

from clients.phone.answers import unreachable
from clients.phone.errors import PhoneError
from clients.phone.protocol import TIMEOUT_SECONDS

_CODE = re.compile("[A-Z0-9]{10}")


class CodeRefusedError(PhoneError):
    """The server did not issue a code."""


def request_code(session: requests.Session, submission_url: str, token: str) -> str:
    """Return a new one-time code; raise CodeRefusedError, or UnreachableError if there is no answer."""
    url = f"{submission_url}/new-key-claim"
    headers = {"Authorization": f"Bearer {token}"}
    try:
        answer = session.post(url, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        raise unreachable(error, url) from error
    if answer.status_code != 200:
        raise CodeRefusedError(f"the server issued no code: HTTP {answer.status_code}")
    code: str = answer.text.strip()
    if not _CODE.fullmatch(code):
        raise CodeRefusedError("the server's answer is not a code")
    return code
