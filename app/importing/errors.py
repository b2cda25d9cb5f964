"""Errors of an import. Each message is one line without secrets."""

from collections.abc import Sequence

from app.domain.errors import ExposureAlertError


class ImportingError(ExposureAlertError):
    """The import cannot start or continue."""


class SourceError(ImportingError):
    """The source cannot be read, or is not of the expected form."""


class DestinationError(ImportingError):
    """This service's database refused a batch, or failed. Earlier batches remain."""

    def __init__(self, error: str, sqlstate: str | None) -> None:
        super().__init__(f"this service's database refused a batch: {error}, SQLSTATE {sqlstate}; run the import again")


class MissingPackageError(ImportingError):
    """A package that only an import needs is not installed."""

    def __init__(self, package: str) -> None:
        super().__init__(
            f"{package} is not installed: .venv/bin/pip install --require-hashes -r requirements-import.txt"
        )


class UnknownOriginatorsError(ImportingError):
    """The source has originators that are neither a known token nor a known label."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__(
            "unknown originators, nothing was written. Name their tokens in --tokens, or a label for all of them with "
            "--unknown-label:\n" + "\n".join(lines)
        )


class InvalidValueError(ImportingError):
    """A value of a row does not fit its column here. The message names the column, never the value."""
