"""Parsers of untrusted input as fuzz targets: `python -m tests.fuzz.targets NAME CORPUS -options`."""

import io
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

import atheris

with atheris.instrument_imports(include=["app"]):
    from app.config import ConfigurationError, Settings
    from app.config import parsers as settings_parsers
    from app.domain.errors import InvalidArchiveError, UploadError
    from app.domain.networks import client_network
    from app.domain.uploads import validate_upload
    from app.proto import codec
    from app.retrieval.archive_reader import read_archive

from tests.support.clock import NOON
from tests.support.memory import MIB, Watch
from tests.support.settings import SECRETS


def archive_reader(data: bytes) -> None:
    """An archive of another server, or arbitrary bytes."""
    with suppress(InvalidArchiveError):
        read_archive(io.BytesIO(data))


def messages(data: bytes) -> None:
    """Every message that a client sends, and its validation."""
    for decode in (codec.decode_claim_request, codec.decode_encrypted_upload, codec.decode_outbreak_event):
        with suppress(codec.MalformedMessageError):
            decode(data)
    with suppress(codec.MalformedMessageError, UploadError):
        validate_upload(codec.decode_upload(data), NOON)


def settings(data: bytes) -> None:
    """Every setting with arbitrary text: read, or refused in one line."""
    text = data.decode("utf-8", "ignore").replace("\0", "")
    number = data[0] if data else 0
    names = sorted({*SECRETS, "DATABASE_URL", "REDIS_URL", "SURFACES", "ARCHIVE_FILES", "PORT", "REGION_CODE"})
    environment = SECRETS | {"DATABASE_URL": "postgres://x/y", "REDIS_URL": "redis://x"}
    try:
        Settings.from_environment(environment | {names[number % len(names)]: text[1:]})
    except ConfigurationError as error:
        if "\n" in str(error):
            raise AssertionError("more than one line") from error
    with suppress(ValueError):
        settings_parsers.redis_url(text)


def networks(data: bytes) -> None:
    """The X-Forwarded-For header of proxies and of clients."""
    text = data.decode("latin-1")
    peer, _, forwarded = text.partition("\n")
    for proxies in (0, 1, 3):
        client_network(peer, forwarded, proxies)


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    target.__name__: target for target in (archive_reader, messages, settings, networks)
}

# Inputs that reach new code and memory pools of Python take tens of megabytes, and then no more. A
# leak of a kilobyte an input would pass this bound within a minute.
MAX_GROWTH_BYTES: Final = 64 * MIB
WARM_UP_INPUTS: Final = 2_000


def watched(target: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Fail the target if its memory grows."""
    watch = Watch(MAX_GROWTH_BYTES, WARM_UP_INPUTS)

    def run(data: bytes) -> None:
        target(data)
        watch.step()

    return run


if __name__ == "__main__":
    atheris.Setup([sys.argv[0], *sys.argv[2:]], watched(TARGETS[sys.argv[1]]))
    atheris.Fuzz()
