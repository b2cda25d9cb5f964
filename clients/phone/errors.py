"""Everything that can stop the phone.

PhoneError
├── UnreachableError          no answer in time, or the connection broke: try again later
├── RefusedError              the server said no, in the protocol's own words
│   ├── ClaimRefusedError     … to a one-time code; carries the tries that are left and the ban
│   ├── UploadRefusedError    … to an upload
│   └── DownloadRefusedError  … to a download: a wrong MAC, a day that is not served
├── MalformedError            an answer that a real phone would choke on, or would wrongly take for a success
│   └── BadArchiveError       … in an export archive: its files, its signature, its bounds
├── StateError                the phone's own file cannot be used
└── DecommissionedError       the exposure configuration tells every phone to stop
"""


class PhoneError(Exception):
    """The root: one sentence for a person."""


class UnreachableError(PhoneError):
    """The server did not answer; nothing is known of what it did."""


class RefusedError(PhoneError):
    """The server answered with an error, in the form that the protocol gives it."""


class ClaimRefusedError(RefusedError):
    """A one-time code was not accepted."""

    def __init__(self, error: str, status: int, tries_remaining: int, ban_seconds: float) -> None:
        """Keep what the server said; `ban_seconds` is 0 when the client is not banned."""
        ban = f", banned for {ban_seconds:.0f} s" if ban_seconds else ""
        super().__init__(f"the server refused the code: {error} (HTTP {status}), {tries_remaining} tries left{ban}")
        self.error = error
        self.status = status
        self.tries_remaining = tries_remaining
        self.ban_seconds = ban_seconds


class UploadRefusedError(RefusedError):
    """Keys were not accepted."""

    def __init__(self, error: str, status: int) -> None:
        """Keep the name of the error and the HTTP status."""
        super().__init__(f"the server refused the keys: {error} (HTTP {status})")
        self.error = error
        self.status = status


class DownloadRefusedError(RefusedError):
    """A download was answered with anything but 200."""

    def __init__(self, what: str, status: int, reason: str) -> None:
        """Keep the HTTP status; `reason` is the first line of a plain-text body."""
        super().__init__(f"{what} is missing: HTTP {status}" + (f", {reason}" if reason else ""))
        self.status = status
        self.reason = reason


class MalformedError(PhoneError):
    """The answer is not what the protocol promises."""


class BadArchiveError(MalformedError):
    """An export archive that the operating system of a phone would reject."""


class StateError(PhoneError):
    """The state file is absent, of another version, or damaged."""


class DecommissionedError(PhoneError):
    """The service has ended: the configuration says so."""
