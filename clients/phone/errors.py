"""Everything that can stop the phone, and the exit status of its command line for each reason.

PhoneError
├── UnreachableError          the connection failed or timed out: it is unknown what the server did
├── RefusedError              the server answered with an error, in the form that the protocol gives it
│   ├── ClaimRefusedError     … to a one-time code; carries the tries that remain and the ban
│   ├── UploadRefusedError    … to an upload
│   └── DownloadRefusedError  … to a download: a wrong MAC, a day that is not served
├── MalformedError            an answer that the protocol does not have; a real phone may take it for a success
│   └── BadArchiveError       … in an export archive: its files, its signature, its bounds
├── PosterError              a scanned code is not that of a poster
├── CodeError                 what was entered cannot be a one-time code
├── StateError                the phone's own file is unusable
└── DecommissionedError       the exposure configuration decommissions the app
"""

from enum import IntEnum


class ExitStatus(IntEnum):
    """The exit status of the command line, one for each reason."""

    DONE = 0
    FAILED = 1  # a setting, a file, an argument
    USAGE = 2  # by argparse
    BAD_STATE = 3
    BAD_CODE = 4
    BAD_POSTER = 5
    NOT_CONNECTED = 10
    TIMED_OUT = 11
    REDIRECTED = 20
    NOT_200 = 21  # a success that is not exactly 200, such as 204
    EMPTY = 22
    HTML = 23
    CONTENT_TYPE = 24
    NOT_A_MESSAGE = 25
    NO_ERROR_NAMED = 26
    ERROR_IN_SUCCESS = 27
    KEY_LENGTH = 28
    WEAK_KEY = 29
    BAD_ARCHIVE = 30
    NOT_JSON = 31
    CLAIM_REFUSED = 40
    UPLOAD_REFUSED = 41
    DOWNLOAD_REFUSED = 42
    DECOMMISSIONED = 50


class PhoneError(Exception):
    """The root: one sentence for a person."""

    exit_status = ExitStatus.FAILED


class UnreachableError(PhoneError):
    """The server did not answer."""

    def __init__(self, sentence: str, exit_status: ExitStatus = ExitStatus.NOT_CONNECTED) -> None:
        """Keep whether the connection failed or timed out."""
        super().__init__(sentence)
        self.exit_status = exit_status


class RefusedError(PhoneError):
    """The server answered with an error, in the form that the protocol gives it."""


class ClaimRefusedError(RefusedError):
    """A one-time code was not accepted."""

    exit_status = ExitStatus.CLAIM_REFUSED

    def __init__(self, error: str, status: int, tries_remaining: int, ban_seconds: float) -> None:
        """Keep the contents of the answer; `ban_seconds` is 0 when the client is not banned."""
        ban = f", banned for {ban_seconds:.0f} s" if ban_seconds else ""
        super().__init__(f"the server refused the code: {error} (HTTP {status}), {tries_remaining} tries left{ban}")
        self.error = error
        self.status = status
        self.tries_remaining = tries_remaining
        self.ban_seconds = ban_seconds


class UploadRefusedError(RefusedError):
    """Keys were not accepted."""

    exit_status = ExitStatus.UPLOAD_REFUSED

    def __init__(self, error: str, status: int) -> None:
        """Keep the name of the error and the HTTP status."""
        super().__init__(f"the server refused the keys: {error} (HTTP {status})")
        self.error = error
        self.status = status


class DownloadRefusedError(RefusedError):
    """A download was answered with an error."""

    exit_status = ExitStatus.DOWNLOAD_REFUSED

    def __init__(self, what: str, status: int, reason: str) -> None:
        """Keep the HTTP status; `reason` is the first line of a plain-text body."""
        super().__init__(f"{what} is missing: HTTP {status}" + (f", {reason}" if reason else ""))
        self.status = status
        self.reason = reason


class MalformedError(PhoneError):
    """An answer that the protocol does not have."""

    def __init__(self, exit_status: ExitStatus, sentence: str) -> None:
        """Keep which rule the answer breaks."""
        super().__init__(sentence)
        self.exit_status = exit_status


class BadArchiveError(MalformedError):
    """An export archive that the operating system of a phone would reject."""

    def __init__(self, sentence: str) -> None:
        """Keep the sentence."""
        super().__init__(ExitStatus.BAD_ARCHIVE, sentence)


class CodeError(PhoneError):
    """What was entered cannot be a one-time code."""

    exit_status = ExitStatus.BAD_CODE


class PosterError(PhoneError):
    """A scanned code is not that of a poster of this service."""

    exit_status = ExitStatus.BAD_POSTER


class StateError(PhoneError):
    """The state file is absent, of another version, or damaged."""

    exit_status = ExitStatus.BAD_STATE


class DecommissionedError(PhoneError):
    """The service has ended, according to its configuration."""

    exit_status = ExitStatus.DECOMMISSIONED
