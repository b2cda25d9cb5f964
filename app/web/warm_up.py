"""Load at the start what Python would otherwise load during a request."""

import codecs
import encodings.idna  # noqa: F401
import stringprep  # noqa: F401
from typing import Final

# Python caches a failure to load a codec. If a process has no free file descriptor at that moment, every later use of
# the codec fails as well, even when descriptors are free again. `idna`, for example, encodes host names.
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
