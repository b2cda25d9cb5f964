"""One-time codes as people enter them: typed, dictated, or pasted from a message."""

import unicodedata

from clients.phone.errors import CodeError

# Spaces of every kind, control characters (tabs, newlines), format characters (zero-width, direction marks, soft
# hyphens) and dashes of every kind. The minus sign is a mathematical symbol in Unicode.
_DROPPED = {"Zs", "Zl", "Zp", "Cc", "Cf", "Pd"}
_MINUS = "\u2212"


def normalise_code(text: str) -> str:
    """Return a code without what people or programs put between its characters.

    Compatibility characters, such as full-width letters, become plain ones (NFKC). Characters that only look alike are
    not changed, because a guess at what was meant costs a try. The server ignores case. Raises CodeError if nothing
    remains.
    """
    code = "".join(
        character
        for character in unicodedata.normalize("NFKC", text)
        if unicodedata.category(character) not in _DROPPED and character != _MINUS
    )
    if not code:
        raise CodeError("the one-time code is empty")
    return code
