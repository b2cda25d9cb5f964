"""Load on staging: downloads, the configuration, and a code now and then, at fixed times whatever the answers are."""

import random
import time
from typing import Final
from urllib.parse import urlsplit

from bench.figures import Figures
from bench.openloop import Planned, drive
from clients.phone.schedule import BUNDLE, DAY_SECONDS, retrieval_path
from deploy.promotion.errors import PromotionError

_CONNECTIONS: Final = 16
_CODE_EVERY: Final = 20  # requests; below the limits of nginx and of the service for one address
_CONFIGURATION_EVERY: Final = 5
# Objectives are looked at next; here, only a service that hardly answers ends the promotion.
_TOO_MANY: Final = 0.5


def run_load(variables: dict[str, str], rate: int, seconds: float) -> Figures:
    """Send requests for some seconds; return the figures. Raises PromotionError if half of them fail."""
    try:
        figures = drive(plan_load(variables, rate, seconds, int(time.time())), _CONNECTIONS)
    except OSError as error:
        raise PromotionError(f"the load cannot connect: {error}") from None
    if figures.errors > figures.requests * _TOO_MANY:
        raise PromotionError(f"{figures.errors} of {figures.requests} requests failed")
    return figures


def plan_load(variables: dict[str, str], rate: int, seconds: float, now: int) -> list[Planned]:
    """Return the requests, at random times."""
    times = sorted(random.uniform(0, seconds) for _ in range(int(rate * seconds)))  # noqa: S311 - not a secret
    key = bytes.fromhex(variables["RETRIEVE_HMAC_KEY"])
    paths = [retrieval_path(period, now, key) for period in (now // DAY_SECONDS, BUNDLE)]
    return [_planned(variables, paths, number, due) for number, due in enumerate(times)]


def _planned(variables: dict[str, str], paths: list[str], number: int, due: float) -> Planned:
    if number % _CODE_EVERY == 0:
        url, token = variables["SUBMISSION_URL"], variables["KEY_CLAIM_TOKEN"]
        head = f"Authorization: Bearer {token}\r\nContent-Length: 0\r\n"
        return Planned(due, url, _request("POST", url, "/new-key-claim", head))
    url = variables["RETRIEVAL_URL"]
    path = "/exposure-configuration/CA.json" if number % _CONFIGURATION_EVERY == 1 else paths[number % len(paths)]
    return Planned(due, url, _request("GET", url, path))


def _request(method: str, url: str, path: str, head: str = "") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n{head}\r\n".encode()
