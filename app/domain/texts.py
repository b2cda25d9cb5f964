"""Texts that people wrote."""


def is_storable(text: str) -> bool:
    """Return whether PostgreSQL can store a text: a command receives surrogates for what is not UTF-8."""
    return "\0" not in text and not any(0xD800 <= ord(each) <= 0xDFFF for each in text)
