"""What an envelope holds: a text, or a file with its name. See docs/sharing.md, "Content"."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from clients.secret.errors import EnvelopeError

TEXT: Final = 1
FILE: Final = 2
MAX_BYTES: Final = {TEXT: 64_000, FILE: 1_000_000}
MAX_NAME_BYTES: Final = 255
BLOCK_BYTES: Final = 256  # the length of a content is hidden up to this number

_NAME_PREFIX: Final = 2
_DATA_PREFIX: Final = 4


@dataclass(frozen=True)
class Content:
    """A text as UTF-8, whose name is empty, or the bytes of a file."""

    kind: int
    name: str
    data: bytes

    def encode(self) -> bytes:
        """Return the name and the data with their lengths, padded with zeros; raise EnvelopeError if it is too long."""
        name = self.name.encode()
        if self.kind not in MAX_BYTES or len(self.data) > MAX_BYTES[self.kind] or len(name) > MAX_NAME_BYTES:
            raise EnvelopeError("too long: a text may have 64,000 bytes, a file 1,000,000, its name 255")
        encoded = len(name).to_bytes(_NAME_PREFIX, "big") + name
        encoded += len(self.data).to_bytes(_DATA_PREFIX, "big") + self.data
        return encoded + bytes(-len(encoded) % BLOCK_BYTES)

    @property
    def safe_name(self) -> str:
        """The file's name without anything that could lead to another folder, or hide what the name is."""
        shown = "".join(each for each in self.name if unicodedata.category(each)[0] != "C")
        return re.sub(r"[/\\:]", "_", shown).strip(" .") or "secret"


def decode(kind: int, encoded: bytes) -> Content:
    """Return the content of decrypted bytes; raise EnvelopeError if they have another form."""
    name_end = _NAME_PREFIX + int.from_bytes(encoded[:_NAME_PREFIX], "big")
    start = name_end + _DATA_PREFIX
    end = start + int.from_bytes(encoded[name_end:start], "big")
    if start > len(encoded) or end > len(encoded) or any(encoded[end:]):
        raise EnvelopeError("the content is malformed")
    try:
        name = encoded[_NAME_PREFIX:name_end].decode()
        if kind == TEXT:
            encoded[start:end].decode()
    except UnicodeDecodeError:
        raise EnvelopeError("the content is malformed") from None
    return Content(kind, name, encoded[start:end])
