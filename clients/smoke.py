"""A smoke test: one patient from start to finish against a review instance, without any of its secrets.

    bin/smoke-test http://127.0.0.1:8001

It is what the button on the instance's front page does, for a terminal. Where the instance asks for a password,
REVIEW_PASSWORD holds it. The instance must have its review tools (REVIEW_TOOLS=true), so it is never production.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import requests

from clients.localhost import new_session
from clients.phone import archive, schedule
from clients.phone.crypto import DAY_INTERVALS, DailyKey, new_key
from clients.phone.errors import PhoneError, UnreachableError
from clients.phone.protocol import TIMEOUT_SECONDS, Server
from clients.phone.settings import Settings
from clients.phone.state import KeyPair
from clients.portal import PortalError, Professional

_DAY_SECONDS: Final = 86_400
_KEY_AGE_DAYS: Final = 2  # a younger key may be held back
_PATIENCE_SECONDS: Final = 10  # beyond the age that an archive may have
_PAUSE_SECONDS: Final = 1.0
_FACTS: Final = {"exportMaxAgeSeconds", "exportPublicKey"}


class SmokeError(Exception):
    """A step failed; the text is for a person."""


class SmokeTest:
    """The steps, each a method that raises SmokeError or PhoneError. They depend on those before."""

    def __init__(self, url: str, session: requests.Session, unix_time: Callable[[], float] = time.time) -> None:
        """Test the instance at `url`; the session has its password, if there is one."""
        self._url = url.rstrip("/")
        self._session = session
        self._unix_time = unix_time
        self._facts: dict[str, Any] = {}
        self._server: Server
        self._code = ""
        self._pair: KeyPair
        self._key: DailyKey
        self._first_day: int  # on which the key may have been accepted

    def steps(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """Yield the steps in their order, each with the sentence that it proves."""
        yield from (
            ("PostgreSQL and Redis answer", self._ready),
            ("the review tools answer", self._learn),
            ("a one-time code is issued", self._issue),
            ("the code is traded for the server's key", self._claim),
            ("a sealed box with one key is accepted", self._upload),
            ("today's archive is signed by this server", self._archive),
            ("the key is in the archive", self._published),
        )
        if self._facts.get("portal"):
            yield "the portal shows a professional a code", self._portal

    def _ready(self) -> None:
        answer = self._ask("GET", "/services/ready")
        if answer.status_code == requests.codes.unauthorized:
            raise SmokeError("the instance asks for a password: put it into REVIEW_PASSWORD")
        if answer.status_code != requests.codes.ok:
            raise SmokeError(f"/services/ready answered HTTP {answer.status_code}: {answer.text.strip()[:200]}")

    def _learn(self) -> None:
        self._facts = self._json("GET", "/review/facts.json")
        missing = sorted(_FACTS - set(self._facts))
        if missing:
            raise SmokeError(f"/review/facts.json lacks {missing[0]}: is the instance of another version?")
        public_key = archive.load_public_key(self._facts["exportPublicKey"])
        # Where archives are is asked for, so that no key is needed here.
        self._server = Server(Settings(self._url, self._url, b"", public_key), self._session)

    def _issue(self) -> None:
        self._code = self._json("POST", "/phone/code")["code"]

    def _claim(self) -> None:
        self._pair = self._server.claim(self._code)

    def _upload(self) -> None:
        self._first_day = self._today()
        self._key = new_key((self._first_day - _KEY_AGE_DAYS) * DAY_INTERVALS)
        self._server.upload(self._pair, [self._key], int(self._unix_time()))

    def _archive(self) -> None:
        self._keys_of(self._today())

    def _published(self) -> None:
        """Wait for the key: an archive may be a little old when it is served."""
        seconds = self._facts["exportMaxAgeSeconds"] + _PATIENCE_SECONDS
        deadline = time.monotonic() + seconds
        while not self._is_published():
            if time.monotonic() > deadline:
                raise SmokeError(f"the archive did not gain the key within {seconds} s; the worker may not be running")
            time.sleep(_PAUSE_SECONDS)

    def _portal(self) -> None:
        professional = Professional(self._url, self._session)
        professional.sign_in()
        professional.issue_code()

    def _is_published(self) -> bool:
        """Return whether the key is in today's archive or, if midnight (UTC) has passed, in one of a day before."""
        return any(self._key.key_data in self._keys_of(day) for day in range(self._first_day, self._today() + 1))

    def _today(self) -> int:
        return int(self._unix_time()) // _DAY_SECONDS

    def _keys_of(self, day: int) -> set[bytes]:
        path = self._json("GET", f"/phone/archive-address/{schedule.period_text(day)}")["path"]
        answer = self._ask("GET", path)
        if answer.status_code != requests.codes.ok:
            raise SmokeError(f"the archive answered HTTP {answer.status_code}: {answer.text.strip()[:200]}")
        read = archive.read(answer.content, self._server.settings.public_key)
        if (read.start, read.end) != schedule.expected_bounds(day, day):
            raise SmokeError("the archive covers another day than it should")
        return {published.key.key_data for published in read.keys}

    def _json(self, method: str, path: str) -> Any:
        answer = self._ask(method, path)
        if answer.status_code != requests.codes.ok:
            raise SmokeError(f"{path} answered HTTP {answer.status_code}: does it run with REVIEW_TOOLS=true?")
        return answer.json()

    def _ask(self, method: str, path: str) -> requests.Response:
        try:
            return self._session.request(method, self._url + path, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        except requests.RequestException as error:
            raise UnreachableError(f"the server did not answer: {type(error).__name__}") from error


def run(test: SmokeTest, say: Callable[[str], object]) -> bool:
    """Run the steps up to the first that fails, and say how each went; return whether all passed."""
    for sentence, step in test.steps():
        began = time.monotonic()
        try:
            step()
        except (SmokeError, PortalError, PhoneError, ValueError, KeyError, TypeError) as error:
            say(f"FAILED  {sentence}: {error}\n")
            return False
        say(f"passed  {sentence} ({(time.monotonic() - began) * 1000:.0f} ms)\n")
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the smoke test against the instance that is named; return the exit status."""
    parser = argparse.ArgumentParser(prog="bin/smoke-test", description="Try a review instance from start to finish.")
    parser.add_argument("url", help="where it is, such as http://127.0.0.1:8001")
    url = parser.parse_args(arguments).url
    if not url.startswith(("http://", "https://")):
        parser.error("the address starts with http:// or https://")
    session = new_session()
    password = os.environ.get("REVIEW_PASSWORD", "")
    if password:
        session.headers["X-Review-Password"] = password
    return 0 if run(SmokeTest(url, session), sys.stdout.write) else 1


if __name__ == "__main__":
    sys.exit(main())
