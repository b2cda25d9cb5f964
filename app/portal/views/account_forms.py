"""The forms of signing in and of one's own account."""

from typing import Final

from wtforms import EmailField, Field, HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from app.domain.portal.passwords import MAX_CHARACTERS
from app.portal.views.forms import Form, strip
from app.web.i18n import LANGUAGES

_MAX_ANSWER_CHARACTERS: Final = 20_000  # an answer of an authenticator has about 1000
_MAX_TYPED_PASSWORD: Final = 1000


def typed(field: Field) -> str:
    """Return what was typed into a text field."""
    return field.data or ""


def _password(most: int, too_long: str) -> PasswordField:
    """Return a required field for a password of at most `most` characters."""
    return PasswordField(
        validators=[InputRequired("accounts.error.password_missing"), Length(max=most, message=too_long)]
    )


class EmailForm(Form):
    """An address."""

    email = EmailField(
        filters=[strip],
        validators=[
            DataRequired("accounts.error.email_missing"),
            Length(max=254, message="accounts.error.email_missing"),
        ],
    )


class SignInForm(EmailForm):
    """An address and a password."""

    password = _password(_MAX_TYPED_PASSWORD, "accounts.error.password")


class PasswordForm(Form):
    """The person's password, to confirm who they are."""

    password = _password(_MAX_TYPED_PASSWORD, "accounts.error.confirm")


class NewPasswordForm(Form):
    """A new password, typed once: it can be shown."""

    password = _password(MAX_CHARACTERS, "accounts.error.password_long")


class DetailsForm(Form):
    """A name, and the language of e-mail."""

    name = StringField(
        validators=[DataRequired("accounts.error.name_missing"), Length(max=100, message="accounts.error.name_long")]
    )
    language = SelectField(choices=list(LANGUAGES))  # type: ignore[arg-type]


class SignUpForm(DetailsForm, NewPasswordForm):
    """What a person who was invited chooses."""


class CodeForm(Form):
    """A code of an authenticator app, or a single-use code."""

    code = StringField(
        validators=[DataRequired("accounts.error.code_missing"), Length(max=60, message="accounts.error.code")]
    )


class AuthenticatorForm(CodeForm):
    """The first code of an authenticator app, and the sealed secret that the page shows."""

    secret = HiddenField(validators=[Length(max=1000)])


class AnswerForm(Form):
    """What an authenticator answered, which a script fills in."""

    answer = HiddenField(validators=[InputRequired("accounts.error.passkey"), Length(max=_MAX_ANSWER_CHARACTERS)])


class NewPasskeyForm(AnswerForm):
    """A passkey that a browser has made, and its name."""

    name = StringField(
        validators=[
            DataRequired("accounts.error.passkey_name_missing"),
            Length(max=60, message="accounts.error.passkey_name_long"),
        ]
    )
