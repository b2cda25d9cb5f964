"""Every error that the service raises on purpose.

    ExposureAlertError
    ├── ConfigurationError                  a setting is missing or malformed
    ├── MalformedMessageError               bytes are not the expected protocol buffer
    ├── MalformedEnvelopeError              a shared secret is not in the form of docs/sharing.md
    ├── UnreadableBodyError                 a request's body is too long or incomplete
    ├── RequestRefusedError                 the request was understood and refused
    │   ├── ClaimError                      /claim-key: a ClaimErrorCode and the network's ban status
    │   ├── UploadError                     /upload: an UploadErrorCode
    │   ├── OutbreakError                   /qr/new-event: an OutbreakErrorCode
    │   ├── HashIdClaimedError              the code of a hashID has been claimed (rule 21)
    │   ├── PeriodUnavailableError          the archive of a period is not served
    │   ├── TooManyRequestsError            a rate limit is exhausted
    │   ├── DailyLimitError                 a person has issued as many codes as allowed in 24 hours
    │   ├── FormUsedError                   the code of a form cannot be issued again
    │   ├── NoRoomError                     the quota of stored shared secrets is used up
    │   ├── RequestClosedError              a request for a secret was answered, or has expired
    │   ├── PlannedWorkRefusedError         announced work is not what it must be, or does not exist
    │   ├── NothingSharedError              there is no such secret, receipt or request
    │   ├── NotPermittedError               a person of the portal lacks the right
    │   ├── PortalPageMissingError          there is no such page, or not for this person
    │   ├── ActionRefusedError              a rule of the portal does not permit the action
    │   ├── IncidentMissingError            there is no incident of this number
    │   └── IncidentRefusedError            a rule of incidents does not permit the action
    ├── SubmissionError                     the portal's request to submission failed
    │   ├── SubmissionUnavailableError      there was no answer in time, or an error of the server
    │   └── SubmissionRefusedError          the portal's token, or its request, was refused
    ├── RateLimiterUnavailableError         Redis does not answer, and the route requires it
    ├── NoFreeCodeError                     no unused one-time code was found (rule 24)
    ├── CryptographicError
    │   ├── BoxDecryptionError              a NaCl box could not be opened
    │   ├── UnsealingError                  a sealed value could not be opened
    │   ├── UnusablePrivateKeyError         a stored private key cannot be used (rule 53)
    │   └── KeyServiceError                 a key or a secret outside of this process cannot be used
    ├── InvalidArchiveError                 a file is not an export archive
    ├── ArchiveUnavailableError             an archive could not be loaded or built in time
    ├── FiguresUnavailableError             the published figures cannot be read
    ├── UnreadableDocumentError             bytes are not a status document of this version
    ├── SeedingForbiddenError               demonstration data is refused in production
    ├── ImportingError                      see app/importing/errors.py
    ├── MailDeliveryError                   a message could not be sent
    ├── HandoverError                       a command could not hand a text over
    ├── SurfaceNotServedError               this process does not serve the surface
    └── JobFailedError                      a background job failed

An error's text never holds a key, a code, a token or an address, so it may be logged.
"""

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.domain.claims import BanStatus, ClaimErrorCode
    from app.domain.outbreaks import OutbreakErrorCode
    from app.domain.uploads import UploadErrorCode


class ExposureAlertError(Exception):
    """The base of all errors of the service."""


class ConfigurationError(ExposureAlertError):
    """A setting is missing or malformed. The message is one line that names it."""


class MalformedMessageError(ExposureAlertError):
    """The bytes are not the expected protocol buffer (rules 31, 49 and 55)."""


class MalformedEnvelopeError(ExposureAlertError):
    """The bytes are not an envelope of a shared secret, or its lifetime is not permitted."""


class UnreadableBodyError(ExposureAlertError):
    """The body is longer than the route allows, or the client stopped sending it."""


class RequestRefusedError(ExposureAlertError):
    """A request that the service understood and refused."""


class ClaimError(RequestRefusedError):
    """A refused claim, with the ban status that is reported to the phone.

    `is_malformed` separates a request that no phone should send (400) from one that was checked and refused (401).
    """

    def __init__(self, code: "ClaimErrorCode", ban_status: "BanStatus", *, is_malformed: bool = False) -> None:
        super().__init__(code.name)
        self.code = code
        self.ban_status = ban_status
        self.is_malformed = is_malformed


class UploadError(RequestRefusedError):
    """A refused upload. `is_unauthorized` separates 401 from 400."""

    def __init__(self, code: "UploadErrorCode", *, is_unauthorized: bool = False) -> None:
        super().__init__(code.name)
        self.code = code
        self.is_unauthorized = is_unauthorized


class OutbreakError(RequestRefusedError):
    """A refused outbreak event."""

    def __init__(self, code: "OutbreakErrorCode") -> None:
        super().__init__(code.name)
        self.code = code


class HashIdClaimedError(RequestRefusedError):
    """The code of this hashID has been claimed, and its key pair has not expired (rule 21)."""


class UnavailablePeriod(Enum):
    """Why the archive of a period is not served."""

    CURRENT = "current"
    FUTURE = "future"
    PAST = "past"


class PeriodUnavailableError(RequestRefusedError):
    """The archive of a period is not served at this moment (rules 75 to 78)."""

    def __init__(self, reason: UnavailablePeriod) -> None:
        super().__init__(reason.name)
        self.reason = reason


class TooManyRequestsError(RequestRefusedError):
    """A client has used up its requests of this minute; more are allowed after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"retry after {seconds} s")
        self.seconds = seconds

    @property
    def headers(self) -> dict[str, str]:
        """The header fields that tell a client when to try again."""
        return {"Retry-After": str(self.seconds)}


class DailyLimitError(RequestRefusedError):
    """The person has issued as many codes in the last 24 hours as one person may."""


class FormUsedError(RequestRefusedError):
    """The form was sent before, and its code has been claimed or withdrawn."""


class NoRoomError(RequestRefusedError):
    """The shared secrets of the network, or of all networks, would exceed the limit in bytes."""


class RequestClosedError(RequestRefusedError):
    """The request for a secret does not exist, was answered, or has expired."""


class NothingSharedError(RequestRefusedError):
    """There is nothing to read. The reason is not given."""


class PlannedWorkRefusedError(RequestRefusedError):
    """The planned work is invalid or does not exist. The text states why."""


class NotPermittedError(RequestRefusedError):
    """The person lacks the right, or has not signed in."""


class PortalPageMissingError(RequestRefusedError):
    """The page does not exist, or shows something that the person may not see."""


class ActionRefusedError(RequestRefusedError):
    """A rule of the portal does not permit the action. `reason` is the key of the text for the person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class IncidentMissingError(RequestRefusedError):
    """No incident has this number."""


class IncidentRefusedError(RequestRefusedError):
    """A rule of incidents does not permit the action. `reason` ends the key of the text for the person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SubmissionError(ExposureAlertError):
    """A request of the portal to submission failed. The text never holds a part of the answer."""


class SubmissionUnavailableError(SubmissionError):
    """Submission did not answer in time, or with an error of its own. The request can be repeated."""


class SubmissionRefusedError(SubmissionError):
    """Submission refused the request, or its answer was invalid. Only an administrator can help."""


class RateLimiterUnavailableError(ExposureAlertError):
    """Redis does not answer, and the route must not be served without it."""


class NoFreeCodeError(ExposureAlertError):
    """No unused one-time code was found in MAX_CODE_ATTEMPTS attempts (rule 24, defect D8)."""


class CryptographicError(ExposureAlertError):
    """A cryptographic operation failed."""


class BoxDecryptionError(CryptographicError):
    """The box was not encrypted for this pair of keys, or was altered."""


class UnsealingError(CryptographicError):
    """The value was sealed with an unknown key, belongs to another row, or was altered."""


class UnusablePrivateKeyError(CryptographicError):
    """The stored private key cannot be unsealed, or has the wrong length (rule 53)."""


class KeyServiceError(CryptographicError):
    """A key or a secret outside of this process cannot be used. The message names it."""


class InvalidArchiveError(ExposureAlertError):
    """A file is not an export archive; the text states why."""


class ArchiveUnavailableError(ExposureAlertError):
    """An archive could not be loaded or built in time."""


class FiguresUnavailableError(ExposureAlertError):
    """The published figures cannot be read, and this process never read them."""


class UnreadableDocumentError(ExposureAlertError):
    """Bytes are not a status document of this version. The text names the field, and quotes nothing."""


class SeedingForbiddenError(ExposureAlertError):
    """Demonstration data must not be stored in production: it would alert real people."""


class MailDeliveryError(ExposureAlertError):
    """A message could not be sent. The text names the kind of failure, and neither a person nor an address."""


class HandoverError(ExposureAlertError):
    """A command could not hand a text over. The message states why, without a part of the link."""


class SurfaceNotServedError(ExposureAlertError):
    """The process does not serve the surface, so it has none of its settings."""


class JobFailedError(ExposureAlertError):
    """A background job failed; the log has the cause."""
