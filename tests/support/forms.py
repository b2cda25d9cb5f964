"""The forms of a page, as a browser reads them."""

from html.parser import HTMLParser

from werkzeug.test import TestResponse

Fields = dict[str, list[str]]


class _Reader(HTMLParser):
    """The fields of each form that has an `id`, with the values that a browser sends unchanged."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, Fields] = {}
        self._fields: Fields = {}
        self._open = ""  # the name of the text area or list that is being read

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read a form or a field."""
        given = {name: value or "" for name, value in attrs}
        is_checked = given.get("type") not in ("checkbox", "radio") or "checked" in given
        if tag == "form":
            self._fields = self.forms.setdefault(given.get("id", ""), {})
        elif tag == "input" and "name" in given and is_checked:
            self._add(given["name"], given.get("value", ""))
        elif tag == "select":
            self._open = given["name"]
        elif tag == "option" and "selected" in given:
            self._add(self._open, given["value"])
        elif tag == "textarea":
            self._open = given["name"]
            self._add(self._open, "")

    def handle_data(self, data: str) -> None:
        """Read the text of a text area."""
        if self.cdata_elem is None and self.lasttag == "textarea" and self._open:
            self._fields[self._open][-1] += data

    def handle_endtag(self, tag: str) -> None:
        """Leave a form or a field."""
        if tag == "form":
            self._fields = {}
        elif tag in ("select", "textarea"):
            self._open = ""

    def _add(self, name: str, value: str) -> None:
        self._fields.setdefault(name, []).append(value)


def fields_of(page: TestResponse, form: str) -> Fields:
    """Return the fields of a form of a page; a field with several values is sent several times."""
    reader = _Reader()
    reader.feed(page.text)
    assert form in reader.forms, f"no form {form} on {page.request.path}: {page.status}"
    return reader.forms[form]
