"""What Python otherwise loads in the middle of a request: `warm_up` loads it while the process starts."""

import codecs
import encodings.idna  # noqa: F401
import stringprep  # noqa: F401
from typing import Final

# Python remembers a codec that it could not load as unknown. If a process has no file descriptor left at that moment,
# each later use fails too, long after descriptors are free again: a host name is encoded with `idna`, for example.
_CODECS: Final = (
    "ascii",
    "base64",
    "cp437",
    "hex",
    "idna",
    "latin-1",
    "punycode",
    "raw_unicode_escape",
    "unicode_escape",
    "utf-16",
    "utf-8",
    "utf-8-sig",
)


def warm_up() -> None:
    """Load every codec that a request may need."""
    for name in _CODECS:
        codecs.lookup(name)
