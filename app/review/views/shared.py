"""What the pages for reviewers share: languages and errors."""

from typing import Final

from flask import Response, render_template, request

from app.web.context import current_settings
from app.web.i18n import LANGUAGES, Catalogue, load_catalogue
from app.web.pages import static_path
from app.web.responses import plain_error

REQUEST_TIMEOUT_SECONDS: Final = 20  # of a request of a page's script
SHOWN_COMMIT_CHARACTERS: Final = 12


def render(template: str, texts: Catalogue, group: str, folder: str, **values: object) -> Response:
    """Return a page of a group, which search engines must not index.

    `folder` is the path of the page without its language, such as `/phone`.
    """
    other = next(each for each in LANGUAGES if each != texts.language)
    settings = current_settings()
    page = render_template(
        template,
        t=texts,
        other=load_catalogue(group, other),
        other_path=f"{folder}/{other}",
        static=static_path,
        settings=settings,
        commit=settings.revision[:SHOWN_COMMIT_CHARACTERS],
        **values,
    )
    response = Response(page, headers={"X-Robots-Tag": "noindex"})
    response.content_language.add(texts.locale)
    return response


def refuse(language: str, reason: str, status: int, headers: dict[str, str] | None = None) -> Response:
    """Return an error in the language of the path."""
    texts = load_catalogue("front", language)
    return plain_error(texts(f"refused.{reason}"), status, {"Content-Language": texts.locale} | (headers or {}))


def fault() -> Response:
    """Return the response to an unexpected error. Paths for scripts have no language."""
    language = (request.view_args or {}).get("language")
    return plain_error("server error", 500) if language is None else refuse(language, "fault", 500)
