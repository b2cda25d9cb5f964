"""What can be seen of an incident, and when: in the database, on the status page and by those who are notified."""

import html
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, Final

import psycopg2

from tests.gameday.site import Site
from tests.gameday.traffic import fetch

STORED, SHOWN, PAGE, WEBHOOK, EMAIL = "stored", "status.json", "status page", "webhook", "e-mail"
RESOLVED, SHOWN_RESOLVED, WEBHOOK_RESOLVED, EMAIL_RESOLVED = (
    "resolved",
    "status.json resolved",
    "webhook resolved",
    "e-mail resolved",
)
FIRST: Final = (STORED, SHOWN, PAGE, WEBHOOK, EMAIL)
# What must be seen while the fault lasts. An incident of the database itself is stored only afterwards.
DURING: Final = (SHOWN, PAGE, WEBHOOK, EMAIL)
AFTER: Final = (STORED, RESOLVED, SHOWN_RESOLVED, WEBHOOK_RESOLVED, EMAIL_RESOLVED)
_INTERVAL_SECONDS: Final = 0.5
_ENDED: Final = ("resolved", "reviewed")


@dataclass
class Watch:
    """Looks twice a second until the end of the block, and keeps when each thing was first seen (monotonic)."""

    site: Site
    tell: Callable[[str], None]
    seen: dict[str, float] = field(default_factory=dict)
    title: str = ""  # of the first incident that was shown
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> "Watch":
        # Each in a thread of its own: a page that does not respond must not delay the others.
        for look in (self._look_at_database, self._look_at_json, self._look_at_page, self._look_at_notices):
            thread = threading.Thread(target=self._repeat, args=(look,), daemon=True)
            self._threads.append(thread)
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, names: tuple[str, ...], seconds: float) -> bool:
        """Return whether all of them were seen, at the latest after `seconds`."""
        deadline = time.monotonic() + seconds
        while not all(name in self.seen for name in names):
            if time.monotonic() > deadline:
                return False
            time.sleep(_INTERVAL_SECONDS / 5)
        return True

    def _repeat(self, look: Callable[[], None]) -> None:
        while not self._stop.wait(_INTERVAL_SECONDS):
            look()

    def _note(self, name: str, detail: str = "") -> None:
        if name not in self.seen:
            self.seen[name] = time.monotonic()
            self.tell(f"{name}{': ' if detail else ''}{detail}")

    def _look_at_database(self) -> None:
        try:
            rows = self.site.query("SELECT title_en, resolved FROM incidents ORDER BY id")
        except psycopg2.Error:
            return
        if rows:
            self._note(STORED, str(rows[0][0]))
        if rows and all(resolved is not None for _, resolved in rows):
            self._note(RESOLVED)

    def _look_at_json(self) -> None:
        status, text = fetch(self.site.stack.port, "/status.json")
        if status != 200:
            return
        incidents: list[dict[str, Any]] = json.loads(text)["incidents"]
        if incidents and not self.title:
            self.title = incidents[0]["titles"]["en"]
        if any(each["state"] not in _ENDED for each in incidents):
            self._note(SHOWN, self.title)
        elif incidents and RESOLVED in self.seen:
            self._note(SHOWN_RESOLVED)

    def _look_at_page(self) -> None:
        if PAGE in self.seen or not self.title:
            return
        status, text = fetch(self.site.stack.port, "/status/en")
        if status == 200 and (self.title in text or html.escape(self.title) in text):
            self._note(PAGE)

    def _look_at_notices(self) -> None:
        kinds = self.site.webhook.kinds
        if "opened" in kinds:
            self._note(WEBHOOK)
        if "resolved" in kinds:
            self._note(WEBHOOK_RESOLVED)
        if self.site.mail.messages:
            self._note(EMAIL, subject_of(self.site.mail.messages[0]))
        if any("resolved" in subject_of(each).lower() for each in self.site.mail.messages):
            self._note(EMAIL_RESOLVED)


def subject_of(message: Message) -> str:
    """Return the subject of an e-mail."""
    return str(message["Subject"])
