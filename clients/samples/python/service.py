"""What the Python samples share: settings, and a session that survives a bad moment of the network or the server."""

import os
import sys
from collections.abc import Iterable
from typing import NoReturn

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

TIMEOUT = (5, 30)  # seconds to connect, and between two bytes of the answer


def session(retry_on: Iterable[int] = (429, 500, 502, 503, 504)) -> requests.Session:
    """Return a session that tries four times, waiting as Retry-After says (a minute at most), else 1, 2 and 4 s.

    `retry_on` are the statuses worth another try; the answer of the last one is returned. A network error after which
    the server may have acted is another try too, for every method: use the session only where that does no harm.
    """
    retry = Retry(
        total=3,
        backoff_factor=1,
        status_forcelist=list(retry_on),
        allowed_methods=None,
        raise_on_status=False,
        retry_after_max=60,
    )
    made = requests.Session()
    made.mount("http://", HTTPAdapter(max_retries=retry))
    made.mount("https://", HTTPAdapter(max_retries=retry))
    return made


def setting(name: str) -> str:
    """Return an environment variable, or stop."""
    return os.environ.get(name) or stop(f"{name} is not set")


def stop(reason: str) -> NoReturn:
    """End the program with a sentence on standard error and the exit status 1."""
    sys.exit(reason)
