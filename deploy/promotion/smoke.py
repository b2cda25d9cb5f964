"""A smoke test without review tools: `python -m deploy.promotion.smoke`, with the variables of the clients.

One patient from a code to the archive. Staging must publish uploads at once (RELEASE_PERIOD_HOURS=0).
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from typing import Final

import requests

from clients.authority import request_code
from clients.phone import archive
from clients.phone.crypto import DAY_INTERVALS, new_key
from clients.phone.errors import PhoneError
from clients.phone.protocol import Server
from clients.phone.schedule import DAY_SECONDS
from clients.phone.settings import Settings

_KEY_AGE_DAYS: Final = 2  # a younger key may be held back
_PAUSE_SECONDS: Final = 1.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the smoke test; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.promotion.smoke", description=__doc__)
    parser.add_argument("--settle", type=float, default=90.0, metavar="SECONDS", help="until a key is published")
    options = parser.parse_args(arguments)
    try:
        settings = Settings.from_environ(os.environ)
        patient(settings, os.environ["KEY_CLAIM_TOKEN"], options.settle)
    except KeyError as error:
        print(f"FAILED: {error.args[0]} is not set")
    except (PhoneError, ValueError) as error:
        print(f"FAILED: {error}")
    else:
        return 0
    return 1


def patient(settings: Settings, token: str, settle: float) -> None:
    """Do each step and print it. Raises the error of the first that fails."""
    server, now = Server(settings), int(time.time())
    code = request_code(requests.Session(), settings.submission_url, token)
    print("a code is issued", flush=True)
    pair = server.claim(code)
    print("the code is claimed", flush=True)
    key = new_key((now // DAY_SECONDS - _KEY_AGE_DAYS) * DAY_INTERVALS)
    server.upload(pair, [key], now)
    print("a key is uploaded", flush=True)
    deadline = time.monotonic() + settle
    while key.key_data not in _published(server):
        if time.monotonic() > deadline:
            raise ValueError(f"today's archive did not get the key within {settle:.0f} s")
        time.sleep(_PAUSE_SECONDS)
    print("today's archive is signed and has the key", flush=True)


def _published(server: Server) -> set[bytes]:
    now = int(time.time())
    read = archive.read(server.archive(now // DAY_SECONDS, now), server.settings.public_key)
    return {each.key.key_data for each in read.keys}


if __name__ == "__main__":
    sys.exit(main())
