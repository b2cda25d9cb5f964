"""Issuing a code: the first page, and the page that shows a code once. The code is in no address and no title."""

import uuid
from typing import Final

from flask import Response, g, request
from wtforms import HiddenField, RadioField, TelField, ValidationError
from wtforms.validators import InputRequired

from app.domain.codes import CodeStatus
from app.domain.errors import (
    DailyLimitError,
    FormUsedError,
    RateLimiterUnavailableError,
    SubmissionRefusedError,
    SubmissionUnavailableError,
    TooManyRequestsError,
)
from app.domain.portal.references import reference_groups
from app.domain.portal.rights import Right
from app.domain.portal.spelling import spell
from app.domain.portal.telephone import normalise_number
from app.measuring.requests import seconds_since_start
from app.portal.codes import ShownCode
from app.portal.views import pages, shown_codes
from app.portal.views.blueprint import FORM, PortalBlueprint
from app.portal.views.forms import Form, submitted
from app.portal.views.people import current_person
from app.web.context import current_context, current_time
from app.web.i18n import LANGUAGES, load_catalogue
from app.web.rate_limits import Limit, limit_client

issuing = PortalBlueprint("issuing")

# A person enters fewer numbers in a minute; a script might send messages to many, and nothing else would limit it.
_TEXT_MESSAGES: Final = Limit("text-message", lambda _: 10, admits_without_redis=False)
_TOO_MANY, _UNAVAILABLE = 429, 503


class TextMessageForm(Form):
    """Where to send the code. It is part of the page with the code, so it also holds the code, sealed."""

    shown = HiddenField()
    number = TelField(validators=[InputRequired("text_message.error.number")])
    number_again = TelField(validators=[InputRequired("text_message.error.again")])
    message_language = RadioField(choices=[])

    def validate_number(self, field: TelField) -> None:
        """Accept a telephone number."""
        if normalise_number(field.data or "") is None:
            raise ValidationError("text_message.error.number")

    def validate_number_again(self, field: TelField) -> None:
        """Accept the same number, however it is written."""
        if normalise_number(field.data or "") != normalise_number(self.number.data or ""):
            raise ValidationError("text_message.error.again")


@issuing.page("/", right=Right.ISSUE)
def start() -> Response:
    """Show what a person does first: issue a code."""
    return pages.render("codes/issue.html", request_id=uuid.uuid4())


@issuing.page("/code", right=Right.ISSUE, methods=FORM)
def code() -> Response:
    """Issue a code and show it once."""
    if request.method != "POST":
        return pages.redirect("/")
    if g.is_switch:
        return _show_again(TextMessageForm(formdata=None))
    try:
        request_id = uuid.UUID(request.form.get("request_id", ""))
    except ValueError:
        return pages.error("form", 400)
    codes, person, now = current_context().portal.codes, current_person(), current_time()
    if replaced := request.form.get("replaces", ""):
        shown, earlier = codes.replace(person, replaced, request_id, now)
    else:
        shown, earlier = codes.issue(person, request_id, now), None
    response = _show(shown, TextMessageForm(formdata=None), earlier_was_used=earlier is CodeStatus.CLAIMED)
    current_context().instruments.observe_portal_code(seconds_since_start(request.environ))
    return response


@issuing.page("/code/text-message", right=Right.ISSUE, methods=FORM)
def text_message() -> Response:
    """Send the code that the page shows by text message, and show it again."""
    if request.method != "POST":
        return pages.redirect("/")
    form, now, portal = _text_message_form(), current_time(), current_context().portal
    shown = shown_codes.open_sealed(form.shown.data or "", now)
    if shown is None or not portal.text_messages.are_available(current_person()):
        return pages.error("form", 400)
    if not submitted(form):
        return _show(shown, form)
    try:
        limit_client(_TEXT_MESSAGES, f"person-{current_person().id}", now)
    except (TooManyRequestsError, RateLimiterUnavailableError) as error:
        form.form_errors.append("text_message.error.limit")
        # No other page has the code.
        return _show(shown, form, _TOO_MANY if isinstance(error, TooManyRequestsError) else _UNAVAILABLE)
    number = normalise_number(form.number.data or "") or ""
    text = _message(shown, form.message_language.data)
    portal.text_messages.send(current_person(), number, text, shown.reference, now)
    return _show(shown, TextMessageForm(formdata=None), text_message_was_sent=True)


def _text_message_form() -> TextMessageForm:
    form = TextMessageForm()
    _set_languages(form)
    return form


def _set_languages(form: TextMessageForm) -> None:
    form.message_language.choices = [(each, load_catalogue(pages.GROUP, each)("language")) for each in LANGUAGES]


def _message(shown: ShownCode, language: str) -> str:
    texts = load_catalogue(pages.GROUP, language)
    return texts("text_message.text", code=" ".join(_groups(shown.code)), expires=pages.moment(shown.expires, texts))


def _groups(code: str) -> list[str]:
    return ["".join(character for character, _ in group) for group in spell(code, LANGUAGES[0])]


def _show_again(form: TextMessageForm) -> Response:
    """Show the code of the page in the other language."""
    shown = shown_codes.open_sealed(request.form.get("shown", ""), current_time())
    return _show(shown, form) if shown is not None else pages.redirect("/")


def _show(shown: ShownCode, form: TextMessageForm, status: int = 200, **notices: bool) -> Response:
    language = pages.texts().language
    _set_languages(form)
    if form.message_language.data is None:
        form.message_language.data = language
    form.shown.data = shown_codes.seal(shown)
    return pages.render(
        "codes/code.html",
        status,
        form=form,
        form_id="shown-code",
        shown=shown,
        spelling=spell(shown.code, language),
        reference=" ".join(reference_groups(shown.reference)),
        can_send=current_context().portal.text_messages.are_available(current_person()),
        request_id=uuid.uuid4(),
        notices=notices,
    )


@issuing.errorhandler(DailyLimitError)
def _daily_limit(_: DailyLimitError) -> Response:
    return pages.error("daily_limit", 403)


@issuing.errorhandler(FormUsedError)
def _form_used(_: FormUsedError) -> Response:
    return pages.error("form_used", 409)


@issuing.errorhandler(SubmissionUnavailableError)
def _unavailable(_: SubmissionUnavailableError) -> Response:
    return pages.error("no_code", 503, {"Retry-After": "60"})


@issuing.errorhandler(SubmissionRefusedError)
def _refused(_: SubmissionRefusedError) -> Response:
    return pages.error("no_token", 503)
