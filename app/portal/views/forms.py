"""What all forms of the portal share. Labels and errors are keys of the translations, which templates look up."""

import unicodedata
from typing import Any

from flask import g, request
from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField


class _Messages:
    """In place of the messages of WTForms, which only a forged form evokes, the key of one of ours."""

    def gettext(self, _: str) -> str:
        """Return the key for any message."""
        return "error.invalid"

    def ngettext(self, *_: object) -> str:
        """Return the key for any message."""
        return "error.invalid"


class Form(FlaskForm):  # type: ignore[misc]
    """A form. Text is stripped of surrounding white space, except in passwords."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """The options of all fields."""

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:
            """Return the field, with a filter that strips what was typed."""
            if unbound_field.field_class in (StringField, TextAreaField):
                options.setdefault("filters", []).append(strip)
            return unbound_field.bind(form=form, **options)

        def get_translations(self, form: Any) -> Any:  # noqa: ARG002
            """Return what replaces the messages of WTForms."""
            return _Messages()


def submitted(form: Form) -> bool:
    """Return whether the form was sent, to be acted on, and is valid."""
    return request.method == "POST" and not g.is_switch and form.validate()


def strip(value: object) -> object:
    """Return a text without surrounding white space, and without NUL, which PostgreSQL cannot store.

    A line break is one character, as in the limits that browsers apply, although they send two. So is a letter with its
    accent, which some programs copy as two: equal names are then equal texts.
    """
    if not isinstance(value, str):
        return value
    return unicodedata.normalize("NFC", value.replace("\0", "").replace("\r\n", "\n").strip())
