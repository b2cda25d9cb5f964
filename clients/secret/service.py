"""The requests of a client to the service. Nothing that could open an envelope is among what they send."""

from typing import Any, Final

import requests

from clients.secret.errors import AnswerError, TemporaryError
from clients.secret.links import decode, encode

TIMEOUT_SECONDS: Final = 30
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500
_REFUSALS: Final = {
    401: "the service lets only holders of a token create: set SHARING_TOKEN",
    404: "there is nothing to read: it was read, has expired, was withdrawn, or never existed",
    409: "the request was answered before, or has expired",
    413: "too long for the service",
    429: "too many requests; try again in a minute",
    507: "the service has no room left for this network; try again later",
}


class SharingService:
    """One service, with a token if only holders of one may create."""

    def __init__(self, address: str, token: str = "", session: requests.Session | None = None) -> None:
        self._address = address.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._session = session or requests.Session()

    def create(self, digest: bytes, receipt: bytes, envelope: bytes) -> str:
        """Store an envelope, and return until when it can be read. Both digests are of the sender's tokens."""
        fields = {"digest": encode(digest), "receipt": encode(receipt), "envelope": encode(envelope)}
        return str(self._post("secrets", fields)["expires"])

    def ask(self, digest: bytes, lifetime: int) -> str:
        """Store a request, and return until when it can be answered."""
        return str(self._post("requests", {"digest": encode(digest), "lifetime": lifetime})["expires"])

    def answer(self, digest: bytes, receipt: bytes, envelope: bytes) -> str:
        """Store the answer to a request, and return until when it can be read."""
        fields = {"digest": encode(digest), "receipt": encode(receipt), "envelope": encode(envelope)}
        return str(self._post("answers", fields)["expires"])

    def read(self, locator: bytes) -> bytes | None:
        """Return an envelope, which the server deletes; None for a request that was not answered yet."""
        envelope = self._post("read", {"locator": encode(locator)}).get("envelope")
        return decode(envelope) if envelope else None

    def status(self, token: bytes) -> dict[str, Any]:
        """Return what became of a secret, for the token of its receipt."""
        return self._post("status", {"receipt": encode(token)})

    def withdraw(self, token: bytes) -> dict[str, Any]:
        """Delete a secret that was not read yet, and return what became of it."""
        return self._post("withdraw", {"receipt": encode(token)})

    def _post(self, path: str, fields: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = self._session.post(
                f"{self._address}/share/{path}",
                json=fields,
                headers=self._headers,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException:
            raise TemporaryError("the service did not answer") from None
        status = answer.status_code
        if status not in (200, 201):
            kind = TemporaryError if status == _TOO_MANY or status >= _SERVER_ERROR else AnswerError
            raise kind(_REFUSALS.get(status, f"the service refused: HTTP {status}"))
        try:
            found: dict[str, Any] = answer.json()
        except ValueError:
            raise AnswerError("the answer is not of this service") from None
        return found
