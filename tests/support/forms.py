"""The forms of a page, as a browser reads them."""

from collections import defaultdict

import lxml.html
from werkzeug.test import TestResponse


def fields_of(page: TestResponse, form: str) -> dict[str, list[str]]:
    """Return the fields of a form of a page; a field with several values is sent several times."""
    (found,) = [each for each in lxml.html.document_fromstring(page.text).forms if each.get("id") == form]
    fields = defaultdict(list)
    for name, value in found.form_values():
        fields[name].append(value)
    return dict(fields)
