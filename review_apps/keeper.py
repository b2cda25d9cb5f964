"""The keeper of a host: puts idle apps to sleep, wakes them on request, restarts what died, and serves the host's page.

`python -m review_apps.keeper FOLDER`, started with the shared servers. nginx alone knows its key.
"""

import hmac
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Final

from processes.ports import LOOPBACK
from review_apps.errors import ReviewAppError
from review_apps.host import Host
from review_apps.keeper_http import Handler
from review_apps.locks import BusyError
from review_apps.running import State
from review_apps.settings import Settings
from review_apps.state import App, name_of
from review_apps.waiting import FAILURES

_LOOK_SECONDS: Final = 15.0
_MOST_AT_ONCE: Final = 16
_NEVER_SECONDS: Final = 86_400.0


class Keeper:
    """Looks after the apps of one folder."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._settings = Settings.read(home)
        self._working: dict[int, Future[None]] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="app")
        self._down = set[int]()  # apps that were down at the last look
        self.notices: dict[int, str] = {}  # what an action of the page led to, by app

    def host(self) -> Host:
        """Return the apps, with the settings of now."""
        try:
            self._settings = Settings.read(self._home)
        except ReviewAppError as error:
            _log(str(error))
        return Host(self._settings, _log)

    def run(self) -> None:
        """Serve until a signal ends this process."""
        keeper = self.host().servers.keeper
        server = ThreadingHTTPServer((LOOPBACK, keeper.port), partial(Handler, self))
        threading.Thread(target=server.serve_forever, args=(_NEVER_SECONDS,), daemon=True).start()
        while True:
            self.look()
            # A quarter of the time without requests, where that is short, so that it is not exceeded by much.
            time.sleep(min(_LOOK_SECONDS, max(1.0, self._settings.sleep_minutes * 15)))

    def look(self) -> None:
        """Put apps to sleep that were not used for a while, and start what died of the others."""
        host = self.host()
        for app in host.store.all():
            try:
                self._look_after(host, app)
            except BusyError:
                continue
            except FAILURES as error:
                _log(f"{app.name}: {error}")

    def begin(self, number: int, action: str) -> "Future[None]":
        """Do something with an app in the background, unless something is done already; return what can be awaited."""
        with self._lock:
            working = self._working.get(number)
            if working is None or working.done():
                working = self._pool.submit(self._do, number, action)
                self._working[number] = working
            return working

    def is_key(self, given: str) -> bool:
        """Return whether a request comes from nginx."""
        return hmac.compare_digest(given, self.host().servers.keeper.key)

    def _do(self, number: int, action: str) -> None:
        self.notices.pop(number, None)
        try:
            getattr(self.host(), action)(number)
        except FAILURES as error:
            self.notices[number] = str(error)
            _log(f"{name_of(number)}: {error}")
            raise

    def _look_after(self, host: Host, app: App) -> None:
        state, seconds = host.running.state(app), host.settings.sleep_minutes * 60
        was_down = app.number in self._down
        self._down.discard(app.number)
        if state == State.DOWN and not was_down:
            self._down.add(app.number)  # perhaps a command is about to start it
        elif state == State.DOWN:
            _log(f"{app.name}: something of it does not run and is started")
            self.begin(app.number, "resume")
        elif state == State.RUNNING and host.settings.sleep_minutes > 0 and host.running.is_idle(app, seconds):
            host.sleep(app.number, wait=False)
            _log(f"{app.name} sleeps, after {host.settings.sleep_minutes:g} minutes without a request")


def _log(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    Keeper(Path(sys.argv[1])).run()
