"""What the keeper answers to nginx: requests to apps that do not answer, and the host's page."""

import contextlib
import hashlib
import hmac
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from review_apps import page
from review_apps.running import State
from review_apps.servers import KEEPER_READY
from review_apps.texts import language_of
from review_apps.waiting import FAILURES, wait

if TYPE_CHECKING:
    from review_apps.keeper import Keeper

_DESIGN: Final = Path(__file__).resolve().parent.parent / "app" / "static" / "design"
_TYPES: Final = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
# Below the 30 seconds after which nginx gives up.
_WAKE_SECONDS: Final = 25.0
_ACTION_SECONDS: Final = 20.0
_MOST_FORM_BYTES: Final = 10_000
_POLICY: Final = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self'; form-action 'self'; " + (
    "frame-ancestors 'none'; base-uri 'none'"
)
ACTIONS: Final = {"restart": "restart", "wake": "resume", "sleep": "sleep", "close": "close"}


class Handler(BaseHTTPRequestHandler):
    """One request from nginx."""

    protocol_version = "HTTP/1.1"
    timeout = 60

    def __init__(self, keeper: "Keeper", *arguments: Any) -> None:
        self._keeper = keeper
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Answer a request to an app, or the host's page."""
        if self.path == KEEPER_READY:
            self._send(HTTPStatus.OK, "ready", "text/plain")
        elif not self._keeper.is_key(self.headers.get("X-Keeper-Key", "")):
            self._send(HTTPStatus.FORBIDDEN, "", "text/plain")
        elif self.headers.get("X-Review-App"):
            self._answer_for(int(self.headers["X-Review-App"]))
        else:
            self._page()

    def do_HEAD(self) -> None:
        """Answer as to GET; nginx does not pass the body on."""
        self.do_GET()

    def do_POST(self) -> None:
        """Take an action of the host's page."""
        if not self._keeper.is_key(self.headers.get("X-Keeper-Key", "")):
            self._send(HTTPStatus.FORBIDDEN, "", "text/plain")
            return
        length = int(self.headers.get("Content-Length") or 0)
        if length > _MOST_FORM_BYTES:
            self.close_connection = True
            self._send(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "", "text/plain")
            return
        form = parse_qs(self.rfile.read(length).decode(errors="replace"))
        origin = self.headers.get("Origin")
        own = {f"http://{self.headers.get('Host')}", f"https://{self.headers.get('Host')}"}
        if not hmac.compare_digest(form.get("token", [""])[0], self._token) or (origin and origin not in own):
            self._send(HTTPStatus.FORBIDDEN, "The form is out of date: load the page again.\n", "text/plain")
            return
        self._act(form)

    def _answer_for(self, number: int) -> None:
        """Answer a request to an app that nothing answers: wake it, or say why it does not answer."""
        host = self._keeper.host()
        state, language = host.state(number), language_of(self.headers.get("Accept-Language", ""))
        wants_page = self.headers.get("X-Request-Method") in ("GET", "HEAD") and "text/html" in self.headers.get(
            "Accept", ""
        )
        was_refused = self.headers.get("X-Connect-Time") == "-"
        if state == State.RUNNING and was_refused:
            self._pass_on()  # it has woken meanwhile
            return
        if state not in (State.ASLEEP, State.DOWN):
            # It runs, and may have begun to work on the request: it is not sent again.
            self._send(HTTPStatus.BAD_GATEWAY, page.unanswered(host, number, language), retry=3)
            return
        working = self._keeper.begin(number, "resume")
        if wants_page:
            self._send(HTTPStatus.SERVICE_UNAVAILABLE, page.waking(number, language), retry=1)
            return
        try:
            awake = wait(working, _WAKE_SECONDS) and was_refused
        except FAILURES:
            awake = False
        if awake:
            self._pass_on()
        else:
            self._send(HTTPStatus.SERVICE_UNAVAILABLE, "The app is being started.\n", "text/plain", retry=3)

    def _pass_on(self) -> None:
        """Let nginx send the request, with its body, to the app."""
        self._send(HTTPStatus.OK, "", "text/plain", headers={"X-Accel-Redirect": "@awake"})

    def _page(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/design/"):
            self._static(path.removeprefix("/design/"))
        elif path in ("/", "/fr", "/en"):
            language = path[1:] or language_of(self.headers.get("Accept-Language", ""))
            body = page.overview(self._keeper.host(), language, self._token, self._keeper.notices)
            self._send(HTTPStatus.OK, body)
        else:
            self._send(HTTPStatus.NOT_FOUND, "No such page.\n", "text/plain")

    def _static(self, name: str) -> None:
        if name not in {each.name for each in _DESIGN.iterdir()} or Path(name).suffix not in _TYPES:
            self._send(HTTPStatus.NOT_FOUND, "No such page.\n", "text/plain")
            return
        self._send(HTTPStatus.OK, (_DESIGN / name).read_text(encoding="utf-8"), _TYPES[Path(name).suffix])

    def _act(self, form: dict[str, list[str]]) -> None:
        number, action = form.get("number", [""])[0], form.get("action", [""])[0]
        if action not in ACTIONS or not number.isdecimal():
            self._send(HTTPStatus.BAD_REQUEST, "No such action.\n", "text/plain")
            return
        with contextlib.suppress(*FAILURES):  # the page shows them
            wait(self._keeper.begin(int(number), ACTIONS[action]), _ACTION_SECONDS)
        language = "fr" if form.get("language") == ["fr"] else "en"
        self._send(HTTPStatus.SEE_OTHER, "", "text/plain", headers={"Location": f"/{language}"})

    @property
    def _token(self) -> str:
        """What a form of the page must contain, so that no other page can send it."""
        key = self._keeper.host().servers.keeper.key
        return hmac.new(key.encode(), b"form", hashlib.sha256).hexdigest()

    def _send(
        self,
        status: HTTPStatus,
        body: str,
        kind: str = "text/html; charset=utf-8",
        retry: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        content = body.encode()
        self.send_response(status)
        if retry:
            self.send_header("Retry-After", str(retry))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: Any) -> None:
        """Log nothing: requests hold what reviewers do."""
