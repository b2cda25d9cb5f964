"""`POST /status/notes`: another system, such as that of the host, adds a note to the timelines of incidents."""

import functools
import json
from collections.abc import Callable
from typing import Any, Final

from flask import Response

from app.domain.errors import (
    IncidentMissingError,
    IncidentRefusedError,
    TooManyRequestsError,
    UnreadableBodyError,
)
from app.domain.limits import MAX_NOTE_BODY_BYTES
from app.web.blueprints import Blueprint
from app.web.body import close_if_unread, read_body
from app.web.context import current_context, current_settings, current_time
from app.web.rate_limits import NOTES, limit_client
from app.web.responses import NO_STORE, json_text
from app.web.security import allow_only, authenticates_itself, bearer_digest, digests, unauthorized

incident_notes = Blueprint("incident_notes", __name__)

_FIELDS: Final = frozenset({"text", "incident"})


def _requires_note_token(view: Callable[[str], Response]) -> Callable[[], Response]:
    """Require one of STATUS_NOTE_TOKENS; the view receives its label."""

    @functools.wraps(view)
    def checked() -> Response:
        digest = bearer_digest()
        label = digests(current_settings().status.status_note_tokens or {}).get(digest) if digest else None
        return view(label) if label is not None else unauthorized()

    return authenticates_itself(checked)


@incident_notes.route("/status/notes")
@allow_only("POST")
@_requires_note_token
def add_note(label: str) -> Response:
    """Store a note: JSON with `text` and, for one incident only, `incident`, its number. It is not published."""
    now = current_time()
    limit_client(NOTES, label, now)
    try:
        text, number = _parse(read_body(MAX_NOTE_BODY_BYTES))
        current_context().incidents.note(number, text, label, now)
    except UnreadableBodyError as error:
        return close_if_unread(error, _refused("body", 400))
    except IncidentMissingError:
        return _refused("incident", 404)
    except (ValueError, RecursionError, IncidentRefusedError):
        return _refused("note", 400)
    return Response(status=204, headers=NO_STORE)


def _parse(body: bytes) -> tuple[str, int | None]:
    """Return the text and the incident's number; raise ValueError for anything else."""
    content: Any = json.loads(body)
    if not isinstance(content, dict) or not set(content) <= _FIELDS:
        raise ValueError("not an object of these fields")
    text, number = content.get("text"), content.get("incident")
    if not isinstance(text, str) or "\0" in text or any(0xD800 <= ord(each) <= 0xDFFF for each in text):
        raise ValueError("no text that can be stored")
    if number is not None and (type(number) is not int or not 0 < number < 2**63):
        raise ValueError("no number of an incident")
    return text.strip(), number


def _refused(reason: str, status: int, headers: dict[str, str] | None = None) -> Response:
    response = json_text(json.dumps({"error": reason}), NO_STORE | (headers or {}))
    response.status_code = status
    return response


@incident_notes.errorhandler(TooManyRequestsError)
def _too_many_requests(error: TooManyRequestsError) -> Response:
    return _refused("limit", 429, error.headers)


@incident_notes.fault_response
def _fault() -> Response:
    return _refused("fault", 500)
