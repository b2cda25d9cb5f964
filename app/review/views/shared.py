"""What the pages for reviewers have in common: a language, and who may ask them to act."""

from urllib.parse import urlsplit

from flask import Response, render_template, request

from app.web.i18n import LANGUAGES, Catalogue, load_catalogue
from app.web.responses import plain_error


def lead_to_language(folder: str) -> Response:
    """Lead to a page in the reader's language: `/folder/en`."""
    # The first that we have, whatever its country: `fr-CA, en;q=0.5` means French.
    wanted = (tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality > 0)
    language = next((each for each in wanted if each in LANGUAGES), LANGUAGES[0])
    return Response(status=302, headers={"Location": f"{folder}/{language}", "Vary": "Accept-Language"})


def show(template: str, texts: Catalogue, group: str, **values: object) -> Response:
    """Return a page of a group. Search engines are told to stay away."""
    other = next(each for each in LANGUAGES if each != texts.language)
    page = render_template(template, t=texts, other=load_catalogue(group, other), **values)
    response = Response(page, headers={"X-Robots-Tag": "noindex"})
    response.content_language.add(texts.locale)
    return response


def refuse(language: str, reason: str, status: int, headers: dict[str, str] | None = None) -> Response:
    """Refuse a request in the language of its path: a person may be the one who reads it."""
    texts = load_catalogue("front", language)
    return plain_error(texts(f"refused.{reason}"), status, {"Content-Language": texts.locale} | (headers or {}))


def answer_fault() -> Response:
    """Answer a fault; what a script asked for has no language."""
    language = (request.view_args or {}).get("language")
    return plain_error("server error", 500) if language is None else refuse(language, "fault", 500)


def is_from_elsewhere() -> bool:
    """Tell whether a page of another site makes the browser ask.

    These pages have no session that a token could belong to, and need none: browsers say themselves where a request
    comes from, and a page cannot change that. A client that is no browser says nothing, and may ask.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")  # all that there is where the address is not secure
    # A router in front may have dropped the port from the Host field.
    return origin is not None and urlsplit(origin).hostname != urlsplit(f"//{request.host}").hostname
