"""How the portal's pages are made: layout, texts, errors and redirects."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, g, render_template, request
from flask import session as cookie
from flask_wtf.csrf import generate_csrf

from app.domain.portal.people import CONFIRMATION_LIMIT, WARNING
from app.portal.announcements import Shown
from app.portal.demonstration import DEMONSTRATIONS
from app.portal.views.navigation import entries
from app.portal.views.people import person_or_none
from app.web import pages as web_pages
from app.web.context import current_context, current_settings, current_time
from app.web.dates import long_moment
from app.web.i18n import LANGUAGES, Catalogue, load_catalogue
from app.web.pages import static_path

GROUP: Final = "portal"
_YEAR_SECONDS: Final = 31_536_000
_REFUSED: Final = 400  # a page without the form that was sent
_FAULT: Final = 500  # the page for it must not need the database


def texts() -> Catalogue:
    """Return the texts in the language of the page."""
    return load_catalogue(GROUP, g.get("language", LANGUAGES[0]))


def path_to(path: str) -> str:
    """Return the path of a page in the language of this one: `/codes` becomes `/fr/codes`."""
    return f"/{texts().language}{path}"


def moment(instant: datetime, catalogue: Catalogue | None = None) -> str:
    """Return a time in the person's jurisdiction, or in UTC for a visitor, with its zone; by default as on the page."""
    person = person_or_none()
    return long_moment(catalogue or texts(), instant.astimezone(person.jurisdiction.zone if person else UTC))


def render(template: str, status: int = 200, **values: Any) -> Response:
    """Return a page. `values` are its own; the layout adds the person, the texts and the navigation."""
    t, person = texts(), person_or_none()
    other = next(each for each in LANGUAGES if each != t.language)
    session = g.get("signed_in")
    page = render_template(
        f"portal/{template}",
        t=t,
        other=load_catalogue(GROUP, other),
        other_path=_in_language(other),
        static=static_path,
        csrf_token=generate_csrf,
        path=path_to,
        moment=moment,
        person=person,
        navigation=entries(person),
        announcements=_announcements() if status < _FAULT else [],
        current_path=request.path.partition(f"/{t.language}")[2],
        session_seconds=int((session.ends(current_time()) - current_time()).total_seconds()) if person else None,
        session_id=session.session_id if person else None,
        is_unproven=g.get("is_unproven", False) and status < _REFUSED,
        proof_minutes=CONFIRMATION_LIMIT // timedelta(minutes=1),
        warning_seconds=int(WARNING.total_seconds()),
        settings=current_settings(),
        demonstrations=tuple(DEMONSTRATIONS) if current_settings().review.review_tools else (),
        **values,
    )
    response = Response(page, status, headers={"X-Robots-Tag": "noindex"})
    response.content_language.add(t.locale)
    return response


def current_announcements() -> list[Shown]:
    """Return the announcements for the person who sent the request; none, without a query, for a visitor."""
    person = person_or_none()
    return current_context().portal.announcements.current(person, current_time()) if person else []


def _announcements() -> list[Shown]:
    dismissed = cookie.get("dismissed", [])
    return [each for each in current_announcements() if each.id not in dismissed]


def _in_language(language: str) -> str:
    """Return the address of this page in another language, which is its first part, or its last one."""
    own = texts().language
    path = f"/{language}" + request.path.removeprefix(f"/{own}")
    if request.path.endswith(f"/{own}") and not request.path.startswith(f"/{own}"):
        path = request.path.removesuffix(own) + language
    return f"{path}?{request.query_string.decode('ascii', 'replace')}" if request.query_string else path


def error(reason: str, status: int, headers: dict[str, str] | None = None) -> Response:
    """Return a page that states what went wrong and what to do."""
    response = render("error.html", status, reason=reason)
    response.headers.update(headers or {})
    return response


def redirect(path: str, **query: str) -> Response:
    """Redirect to a page of the portal, in the language of this one, with GET."""
    location = path_to(path) + (f"?{urlencode(query)}" if query else "")
    return Response(status=303, headers={"Location": location})


def to_sign_in() -> Response:
    """Redirect to the page for signing in, which leads back here afterwards."""
    return redirect("/sign-in", **_next())


def to_confirmation() -> Response:
    """Redirect to the page on which a person confirms who they are, which leads back here afterwards."""
    return redirect("/confirm", **_next())


def _next() -> dict[str, str]:
    # The path only: what follows `?` may be sensitive. A form that was sent is not sent again.
    path = request.path.removeprefix(f"/{texts().language}")
    return {"next": path} if path not in ("", "/") else {}


def next_path(given: str) -> str:
    """Return the path to which a sign-in leads; anything but a path of the portal is ignored."""
    is_local = given.startswith("/") and not given.startswith("//") and "\\" not in given and given.isprintable()
    return given if is_local and ":" not in given else "/"


def protect(response: Response) -> Response:
    """Add the protective header fields."""
    web_pages.protect(response)
    if current_settings().portal.session_cookie_is_secure:
        response.headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}"
    return response
