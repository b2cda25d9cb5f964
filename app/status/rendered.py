"""Pages that were rendered, each once for a document."""

import hashlib
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

_MAX_PAGES: Final = 500
_DIGEST_DIGITS: Final = 32


@dataclass(frozen=True)
class RenderedPage:
    """The body of a page, and its entity tag."""

    body: bytes
    etag: str


class RenderedPages:
    """Remembers the pages of one state of what they show, and forgets them when that changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown: object = None
        self._pages: dict[Hashable, RenderedPage] = {}

    def get(self, shown: object, key: Hashable, render: Callable[[], bytes]) -> RenderedPage:
        """Return a page of `shown`, rendered unless it was before. Two threads may render the same page."""
        with self._lock:
            if self._shown != shown:
                self._shown, self._pages = shown, {}
            pages = self._pages
            page = pages.get(key)
        if page is None:
            body = render()
            page = RenderedPage(body, hashlib.sha256(body).hexdigest()[:_DIGEST_DIGITS])
            if len(pages) < _MAX_PAGES:
                pages[key] = page
        return page
