"""Which passwords are accepted: long ones that are hard to guess. Nothing else is required of them."""

import re
import threading
from collections.abc import Iterable
from typing import Final

MIN_CHARACTERS: Final = 12
MAX_CHARACTERS: Final = 128  # bounds the time to estimate and to hash
# Of zxcvbn's scores of 0 to 4. 4 means more than 10^10 guesses, also for someone who knows the person.
_MIN_SCORE: Final = 4
_SERVICE_WORDS: Final = (
    "exposure alert",
    "exposurealert",
    "exposure",
    "alert",
    "alerte",
    "portal",
    "portail",
    "covid",
    "covidalert",
    "corona",
    "virus",
    "health",
    "sante",
    "canada",
)
_WORD: Final = re.compile(r"\w{3,}")
# So many characters must remain without the words that others know.
_MIN_OTHER_CHARACTERS: Final = 8
# The library keeps the words of a call in a variable of its module.
_lock: Final = threading.Lock()


def password_problem(password: str, about_person: Iterable[str]) -> str | None:
    """Return why a new password is refused (`short`, `long` or `guessable`), or None if it is accepted.

    `about_person` are texts that others know, such as the name and the address.
    """
    if len(password) < MIN_CHARACTERS:
        return "short"
    if len(password) > MAX_CHARACTERS:
        return "long"
    from zxcvbn import zxcvbn  # 12 MB of memory, which only new passwords need

    texts = [*about_person, *_SERVICE_WORDS]
    words = sorted({word.lower() for text in texts for word in (text, *_WORD.findall(text))}, key=len, reverse=True)
    if len(_without(words, password)) < _MIN_OTHER_CHARACTERS:
        return "guessable"
    with _lock:
        estimate = zxcvbn(password, words, max_length=MAX_CHARACTERS)
    return None if estimate["score"] >= _MIN_SCORE else "guessable"


def _without(words: Iterable[str], password: str) -> str:
    rest = password.lower()
    for word in words:
        rest = rest.replace(word, "")
    return rest
