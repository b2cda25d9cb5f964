"""A web process with several workers for races, and the invariants of the counters after each race."""

import base64
import io
import itertools
import json
import time
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

from app.proto import covidshield_pb2 as wire
from clients.phone.protocol import claim_message
from tests.support.archive import Archive, verify
from tests.support.service import Phone, Service, bearer, download_code, exposure_key
from tests.support.settings import METRICS
from tests.support.volley import Reply, Request, upload_body, volley

AT_ONCE: Final = 100
QUOTA: Final = 43
MAX_GUESSES: Final = 50

WRONG_CODE: Final = wire.KeyClaimResponse.INVALID_ONE_TIME_CODE
INVALID_KEY: Final = wire.KeyClaimResponse.INVALID_KEY
BANNED: Final = wire.KeyClaimResponse.TEMPORARY_BAN

_numbers = itertools.count(1)


def new_keys(count: int) -> list[wire.TemporaryExposureKey]:
    """Return new keys of past days."""
    yesterday = int(time.time()) // 86400 - 2
    return [exposure_key(next(_numbers), rolling_start_interval_number=yesterday * 144) for _ in range(count)]


def new_network() -> dict[str, str]:
    """Return the X-Forwarded-For header of a client from a new network."""
    number = next(_numbers)
    return {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}


@dataclass
class Arena:
    """The service for its clients (`port`) and its operator (`service`), and the expected counts."""

    service: Service
    port: int
    answered: Counter[str] = field(default_factory=Counter)  # expected events by identifier
    uploaded: int = 0
    began: date = field(default_factory=lambda: datetime.now(UTC).date())

    # requests

    def issue(self, hash_id: str | None = None) -> Request:
        """Return a request for a code."""
        return Request("POST", "/new-key-claim" + (f"/{hash_id}" if hash_id else ""), headers=bearer())

    def claim(self, code: str, phone: Phone, network: dict[str, str] | None = None) -> Request:
        """Return a claim of a phone, from a new network by default."""
        return Request("POST", "/claim-key", claim_message(code, phone.public_key), network or new_network())

    def upload(self, phone: Phone, keys: Sequence[wire.TemporaryExposureKey]) -> Request:
        """Return an upload of a phone."""
        return Request("POST", "/upload", upload_body(phone, keys))

    def fetch_today(self) -> Request:
        """Return a download of today's archive."""
        now = datetime.now(UTC)
        day = int(now.timestamp()) // 86400
        return Request("GET", f"/retrieve/302/{day}/{download_code(day, now)}")

    def at_once(self, requests: Sequence[Request]) -> list[Reply]:
        """Send all requests at the same moment; fail on server errors."""
        replies = volley(self.port, requests)
        assert [reply for reply in replies if reply.status >= 500] == []
        return replies

    # preparation

    def codes(self, count: int, hash_id: str | None = None) -> list[str]:
        """Issue codes, and expect their events."""
        self.answered["OTKGenerated"] += count
        return [self.service.issue(hash_id=hash_id) for _ in range(count)]

    def phones(self, count: int) -> list[Phone]:
        """Return phones that have claimed a code."""
        self.answered["OTKGenerated"] += count
        self.answered["OTKClaimed"] += count
        return [self.service.pair() for _ in range(count)]

    # results

    def stored(self) -> set[bytes]:
        """Return the data of all stored keys."""
        return {bytes(row[0]) for row in self.service.rows("SELECT key_data FROM diagnosis_keys")}

    def remaining(self, phone: Phone) -> int:
        """Return how many keys a phone may still upload."""
        sql = "SELECT remaining_keys FROM encryption_keys WHERE app_public_key = :key"
        return int(self.service.rows(sql, key=phone.public_key)[0][0])

    def check_counters(self) -> None:
        """Check that /events returns exactly the expected counts."""
        counted: Counter[str] = Counter()
        for row in self._figures("events"):
            counted[row["identifier"]] += row["count"]
        assert counted == +self.answered
        assert sum(row["count"] for row in self._figures("events/uploads")) == self.uploaded
        assert sum(row["count"] for row in self._figures("events/otkdurations")) == self.answered["OTKClaimed"]

    def _figures(self, kind: str) -> list[dict[str, Any]]:
        credentials = base64.b64encode(":".join(METRICS).encode()).decode()
        headers = {"Authorization": f"Basic {credentials}"}
        days = sorted({self.began, datetime.now(UTC).date()})  # two, if midnight came meanwhile
        requests = [Request("GET", f"/{kind}/{day.isoformat()}", headers=headers) for day in days]
        replies = self.at_once(requests)
        assert {reply.status for reply in replies} == {200}
        return [row for reply in replies for row in json.loads(reply.body)]


def claim_answer(reply: Reply) -> wire.KeyClaimResponse:
    """Return the parsed response to a claim."""
    return wire.KeyClaimResponse.FromString(reply.body)


def keys_in(reply: Reply) -> set[bytes]:
    """Return the data of the keys in a downloaded archive; fail if its signature is invalid."""
    with zipfile.ZipFile(io.BytesIO(reply.body)) as file:
        archive = Archive(file.read("export.bin"), file.read("export.sig"))
    verify(archive.signature.signature, archive.export_bin)
    return data_of(archive.export.keys)


def data_of(keys: Sequence[wire.TemporaryExposureKey]) -> set[bytes]:
    """Return the data of keys."""
    return {key.key_data for key in keys}
