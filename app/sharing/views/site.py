"""The pages: what is shared never passes through them, and their addresses contain nothing of it."""

from datetime import timedelta
from typing import Any, Final

from flask import Response, render_template

from app.config.sharing import ANYONE, PORTAL_USERS
from app.domain import sharing
from app.domain.portal import retention
from app.sharing.views.assets import imported_modules, integrity
from app.sharing.views.creators import accepts_tokens, creators, may_create
from app.sharing.views.protection import accept_only, protect
from app.web.blueprints import Blueprint
from app.web.context import current_context, current_settings
from app.web.dates import duration
from app.web.i18n import LANGUAGES, Catalogue, load_catalogue
from app.web.languages import LANGUAGE, redirect_to_language
from app.web.pages import static_path
from app.web.security import authenticates_itself

_GROUP: Final = "sharing"
_QR_LIBRARY: Final = "sharing/vendor/qrcode-generator/qrcode.mjs"
_PAGES: Final = {"share": "/share", "open": "/share/open", "receipt": "/share/receipt"} | {
    "request": "/share/request",
    "answer": "/share/answer",
}
_INFORMATION: Final = {"privacy": "/share/privacy", "accessibility": "/share/accessibility"}
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)

site = Blueprint("sharing_site", __name__)
site.after_request(protect)


def _add_page(name: str, folder: str) -> None:
    """Register a page in each language, and a redirect to that of the reader, which keeps what follows `#`."""

    def page(language: str) -> Response:
        texts = load_catalogue(_GROUP, language)
        return _show(name, folder, texts, _script_values(name, texts) if name in _PAGES else _information_values())

    def choose_language() -> Response:
        return redirect_to_language(folder)

    for rule, view, endpoint in ((f"{folder}/{LANGUAGE}", page, name), (folder, choose_language, f"choose_{name}")):
        site.route(rule, endpoint=endpoint)(authenticates_itself(accept_only("GET", "HEAD")(view)))


for _name, _folder in (_PAGES | _INFORMATION).items():
    _add_page(_name, _folder)


def _show(name: str, folder: str, texts: Catalogue, values: dict[str, Any]) -> Response:
    other = next(each for each in LANGUAGES if each != texts.language)
    has_sign_in = PORTAL_USERS in creators() and current_context().served_portal is not None
    page = render_template(
        f"sharing/{name}.html",
        t=texts,
        other=load_catalogue(_GROUP, other),
        other_path=f"{folder}/{other}",
        page=name,
        static=static_path,
        integrity=integrity,
        support=current_settings().sharing.sharing_support_url,
        portal_path=f"/{texts.language}/sign-in" if has_sign_in else None,
        **values,
    )
    response = Response(page)
    response.content_language.add(texts.locale)
    return response


def _script_values(name: str, texts: Catalogue) -> dict[str, Any]:
    """Return what a page with a script has in addition."""
    script, permitted = f"{_GROUP}/{name}.js", may_create()
    return {
        "script": script,
        "modules": imported_modules(script),
        "qr_library": _QR_LIBRARY,
        "data": {"locale": texts.locale, "texts": texts.below("live.")},
        "lifetimes": [(int(each.total_seconds()), _words(texts, each)) for each in sharing.LIFETIMES],
        "default_lifetime": int(sharing.DEFAULT_LIFETIME.total_seconds()),
        "may_create": permitted,
        "asks_token": accepts_tokens() and not permitted,
    }


def _information_values() -> dict[str, Any]:
    """Return what a page without a script has in addition: it does not look up who has signed in to the portal."""
    numbers = {
        "lifetime_days": sharing.MAX_LIFETIME // _DAY,
        "receipt_days": sharing.RECEIPT_RETENTION // _DAY,
        "mail_hours": retention.MAIL // _HOUR,
    }
    return {
        "numbers": numbers,
        "may_create": ANYONE in creators(),
        "asks_token": accepts_tokens(),
        "has_limits": current_settings().rate_limits,
        "sends_mail": current_context().served_portal is not None,
    }


def _words(texts: Catalogue, lifetime: timedelta) -> str:
    return duration(texts, int(lifetime.total_seconds()) // 60, in_days=True)
