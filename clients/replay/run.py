"""The replay: a code, a claim and an upload for each patient, and then the archives that other phones fetch."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from clients.authority import request_code
from clients.localhost import new_session
from clients.phone import archive
from clients.phone.archive import Archive, PublishedKey
from clients.phone.protocol import Server
from clients.phone.schedule import BUNDLE, DAY_SECONDS

_RETRY_SECONDS: Final = 1.0

Patients = Iterable[Sequence[PublishedKey]]


class ReplayError(Exception):
    """The published archive is not what was uploaded."""


@dataclass(frozen=True)
class Replayed:
    """The figures of a replay; `others` are keys of the day's archive that were there before."""

    patients: int
    keys: int
    others: int
    bundle_keys: int


class Replay:
    """A server, and what a health authority and a phone know of it."""

    def __init__(self, server: Server, token: str) -> None:
        """Use the server of a phone, and a health authority's token."""
        self._server = server
        self._token = token
        self._session = new_session()

    def run(
        self,
        patients: Sequence[Sequence[PublishedKey]],
        progress: Callable[[Patients], Patients] = lambda patients: patients,
        settle_seconds: float = 0,
        unix_time: Callable[[], float] = time.time,
    ) -> Replayed:
        """Upload every patient's keys, fetch today's archive and the bundle, and compare.

        The archive must have a valid signature and hold each uploaded key once and unchanged, ordered by its bytes.
        Other keys may be among them. If midnight (UTC) falls into the replay, the archives of both days together must
        hold them. The bundle has only past days (protocol rule 75), so keys uploaded today are not
        in it before midnight UTC. A server that builds archives in advance serves an old one for some seconds, so a
        failed comparison is repeated for `settle_seconds`. Raises ReplayError, or PhoneError for a wrong answer.
        """
        sent = [published for patient in patients for published in patient]
        first_day = int(unix_time()) // DAY_SECONDS
        before = self._fetch_since(first_day, unix_time)
        for keys in progress(patients):
            self._upload(keys, int(unix_time()))
        others = {published.key.key_data for published in before.keys} - {one.key.key_data for one in sent}
        deadline = time.monotonic() + settle_seconds
        while True:
            try:
                check_archive(self._fetch_since(first_day, unix_time), sent, others)
                break
            except ReplayError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_SECONDS)
        bundle = self.fetch(BUNDLE, int(unix_time()))
        check_order(bundle)
        return Replayed(len(patients), len(sent), len(others), len(bundle.keys))

    def fetch(self, period: int, now: int) -> Archive:
        """Return the verified archive of a period."""
        return archive.read(self._server.archive(period, now), self._server.settings.public_key)

    def _fetch_since(self, first_day: int, unix_time: Callable[[], float]) -> Archive:
        """Return the archive of today, joined to those of the days since the first."""
        now = int(unix_time())
        archives = [self.fetch(day, now) for day in range(first_day, now // DAY_SECONDS + 1)]
        for each in archives:
            check_order(each)
        keys = sorted((one for each in archives for one in each.keys), key=lambda one: one.key.key_data)
        return replace(archives[-1], start=archives[0].start, keys=tuple(keys))

    def _upload(self, keys: Sequence[PublishedKey], now: int) -> None:
        code = request_code(self._session, self._server.settings.submission_url, self._token)
        pair = self._server.claim(code)
        self._server.upload(pair, [one.key for one in keys], now, [one.risk_level for one in keys])


def check_order(published: Archive) -> None:
    """Raise ReplayError unless the keys of an archive are ordered by their bytes, each once."""
    found = [one.key.key_data for one in published.keys]
    if found != sorted(set(found)):
        raise ReplayError("the keys of an archive are not in order, or not unique")


def check_archive(published: Archive, sent: Sequence[PublishedKey], others: set[bytes]) -> None:
    """Raise ReplayError unless an archive holds exactly the uploaded keys and, among them, the others."""
    check_order(published)
    found = {one.key.key_data: one for one in published.keys if one.key.key_data not in others}
    missing = [one for one in sent if one.key.key_data not in found]
    if missing:
        raise ReplayError(f"{len(missing)} of {len(sent)} keys are missing from the archive")
    if len(found) != len(sent):
        raise ReplayError(f"{len(found) - len(sent)} keys of the archive were never uploaded")
    if any(found[one.key.key_data] != one for one in sent):
        raise ReplayError("the archive changed the validity or the risk level of a key")
