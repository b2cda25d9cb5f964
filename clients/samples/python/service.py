"""What the samples share: settings, and requests that survive a short failure of the network or the server."""

import os
import sys
import unicodedata
from collections.abc import Iterable
from typing import Any, NoReturn

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

TIMEOUT = (5, 30)  # seconds to connect, and between two bytes of the answer
TEMPORARY = (429, 500, 502, 503, 504)


def send(method: str, url: str, retry_on: Iterable[int] = TEMPORARY, **request: Any) -> requests.Response:
    """Return the answer to a request, or stop. Redirects are not followed.

    `retry_on` are the statuses after which the request is sent again, up to three times: after as long as Retry-After
    says (a minute at most), else after 1, 2 and 4 s. A network error after which the server may have acted is followed
    by another try too. Pass nothing where another try does harm.
    """
    statuses = list(retry_on)
    retry = Retry(
        total=3 if statuses else 0,
        backoff_factor=1,
        status_forcelist=statuses,
        allowed_methods=None,
        raise_on_status=False,
        retry_after_max=60,
    )
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=retry))
        session.mount("https://", HTTPAdapter(max_retries=retry))
        try:
            return session.request(method, url, timeout=TIMEOUT, allow_redirects=False, **request)
        except (requests.RequestException, UnicodeError) as error:
            stop(f"the server did not answer: {type(error).__name__}")


def url_of(name: str, path: str) -> str:
    """Return an address below that of a setting."""
    return setting(name).rstrip("/") + path


def code_of(text: str) -> str:
    """Return a one-time code without the spaces, dashes and invisible characters of a paste. Look-alikes stay."""
    plain = unicodedata.normalize("NFKC", text)
    dropped = ("Zs", "Zl", "Zp", "Cc", "Cf", "Pd")
    return "".join(one for one in plain if unicodedata.category(one) not in dropped and one != "\u2212")


def setting(name: str) -> str:
    """Return an environment variable, or stop."""
    return os.environ.get(name) or stop(f"{name} is not set")


def stop(reason: str) -> NoReturn:
    """End the program with a sentence on standard error and the exit status 1."""
    sys.exit(reason)
