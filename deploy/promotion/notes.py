"""Notes on the timelines of incidents: what the promotion did, and when (docs/incidents/README.md)."""

from typing import Final

import requests

from deploy.promotion.errors import PromotionError
from deploy.promotion.plan import Environment, secret

_SECONDS: Final = 15


def post_note(environment: Environment, text: str) -> str:
    """Add a note; return why it could not be added, or an empty string. A promotion does not depend on it."""
    if not environment.notes_token:
        return "no notes_token"
    try:
        token = secret(environment.notes_token).partition("=")[0]
        answer = requests.post(
            f"{environment.status_url.rstrip('/')}/status/notes",
            json={"text": text},
            headers={"Authorization": f"Bearer {token}"},
            timeout=_SECONDS,
        )
    except (PromotionError, requests.RequestException) as error:
        return type(error).__name__
    return "" if answer.status_code == requests.codes.no_content else f"HTTP {answer.status_code}"
