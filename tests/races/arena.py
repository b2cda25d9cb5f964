"""Where races are run: a real web process of several workers, and the books that must balance after each race."""

import base64
import io
import itertools
import json
import time
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
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
    """Return keys that nobody has used yet, of days that are over."""
    yesterday = int(time.time()) // 86400 - 2
    return [exposure_key(next(_numbers), rolling_start_interval_number=yesterday * 144) for _ in range(count)]


def new_network() -> dict[str, str]:
    """Return the header of a client from a network that has not been seen yet."""
    number = next(_numbers)
    return {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}


@dataclass
class Arena:
    """The service as its clients reach it (`port`) and as its operator does (`service`), and what was answered."""

    service: Service
    port: int
    answered: Counter[str] = field(default_factory=Counter)  # events, by their identifier
    uploaded: int = 0

    # what clients send

    def issue(self, hash_id: str | None = None) -> Request:
        """A code is asked for."""
        return Request("POST", "/new-key-claim" + (f"/{hash_id}" if hash_id else ""), headers=bearer())

    def claim(self, code: str, phone: Phone, network: dict[str, str] | None = None) -> Request:
        """A phone trades a code, from a network of its own unless it is given one."""
        return Request("POST", "/claim-key", claim_message(code, phone.public_key), network or new_network())

    def upload(self, phone: Phone, keys: Sequence[wire.TemporaryExposureKey]) -> Request:
        """A phone uploads."""
        return Request("POST", "/upload", upload_body(phone, keys))

    def fetch_today(self) -> Request:
        """A phone fetches the archive of today."""
        now = datetime.now(UTC)
        day = int(now.timestamp()) // 86400
        return Request("GET", f"/retrieve/302/{day}/{download_code(day, now)}")

    def at_once(self, requests: Sequence[Request]) -> list[Reply]:
        """Send all at the same moment. Whatever happens, nobody is told of a fault."""
        replies = volley(self.port, requests)
        assert [reply for reply in replies if reply.status >= 500] == []
        return replies

    # what a round starts from

    def codes(self, count: int, hash_id: str | None = None) -> list[str]:
        """Issue codes, and count them."""
        self.answered["OTKGenerated"] += count
        return [self.service.issue(hash_id=hash_id) for _ in range(count)]

    def phones(self, count: int) -> list[Phone]:
        """Return phones that have claimed a code."""
        self.answered["OTKGenerated"] += count
        self.answered["OTKClaimed"] += count
        return [self.service.pair() for _ in range(count)]

    # what must be true afterwards

    def stored(self) -> set[bytes]:
        """Every exposure key that is stored."""
        return {bytes(row[0]) for row in self.service.rows("SELECT key_data FROM diagnosis_keys")}

    def remaining(self, phone: Phone) -> int:
        """How many keys a phone may still upload."""
        sql = "SELECT remaining_keys FROM encryption_keys WHERE app_public_key = :key"
        return int(self.service.rows(sql, key=phone.public_key)[0][0])

    def check_counters(self) -> None:
        """What /events says is what was answered, no more and no less."""
        counted = Counter({row["identifier"]: row["count"] for row in self._figures("events")})
        assert counted == +self.answered
        assert sum(row["count"] for row in self._figures("events/uploads")) == self.uploaded
        assert sum(row["count"] for row in self._figures("events/otkdurations")) == self.answered["OTKClaimed"]

    def _figures(self, kind: str) -> list[dict[str, Any]]:
        credentials = base64.b64encode(":".join(METRICS).encode()).decode()
        path = f"/{kind}/{datetime.now(UTC).date().isoformat()}"
        (reply,) = self.at_once([Request("GET", path, headers={"Authorization": f"Basic {credentials}"})])
        assert reply.status == 200
        return list(json.loads(reply.body))


def claim_answer(reply: Reply) -> wire.KeyClaimResponse:
    """Read the answer to a claim."""
    return wire.KeyClaimResponse.FromString(reply.body)


def keys_in(reply: Reply) -> set[bytes]:
    """Return what identifies the keys of a downloaded archive, once its signature is verified."""
    with zipfile.ZipFile(io.BytesIO(reply.body)) as file:
        archive = Archive(file.read("export.bin"), file.read("export.sig"))
    verify(archive.signature.signature, archive.export_bin)
    return data_of(archive.export.keys)


def data_of(keys: Sequence[wire.TemporaryExposureKey]) -> set[bytes]:
    """Return what identifies keys."""
    return {key.key_data for key in keys}
