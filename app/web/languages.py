"""The language of a page, which its path names."""

from typing import Final

from flask import Response, request

from app.web.i18n import LANGUAGES

LANGUAGE: Final = f"<any({', '.join(LANGUAGES)}):language>"  # a part of a route


def preferred_language() -> str:
    """Return the first supported language that the browser asks for: `fr-CA, en;q=0.5` selects French."""
    wanted = (tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality > 0)
    return next((each for each in wanted if each in LANGUAGES), LANGUAGES[0])


def redirect_to_language(folder: str, page: str = "") -> Response:
    """Redirect to a page in the reader's language, such as `/folder/en`, or `/en/` with the page `/`."""
    location = f"{folder}/{preferred_language()}{page}"
    return Response(status=302, headers={"Location": location, "Vary": "Accept-Language"})
