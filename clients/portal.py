"""A professional at the portal of a review instance: signs in with a button for demonstrations, and issues a code."""

import re
from html.parser import HTMLParser
from typing import Final

import requests

from clients.phone.errors import UnreachableError
from clients.phone.protocol import TIMEOUT_SECONDS

_CODE: Final = re.compile(r"[A-Z0-9]{10}")


class PortalError(Exception):
    """The portal answered otherwise than expected; the text is for a person."""


class _Page(HTMLParser):
    """The hidden fields of a page's forms, by the address of the form, and the text of the element `code`."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self.code = ""
        self._form = ""
        self._depth = 0  # within the element with the code
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, a hidden field, or the element with the code."""
        attributes = dict(attrs)
        if tag == "form":
            self._form = attributes.get("action") or ""
            self.forms[self._form] = {}
        elif tag == "input" and attributes.get("type") == "hidden" and self._form in self.forms:
            self.forms[self._form][attributes.get("name") or ""] = attributes.get("value") or ""
        elif self._depth or attributes.get("id") == "code":
            self._depth += 1

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        """Leave an element of the code."""
        self._depth = max(0, self._depth - 1)

    def handle_data(self, data: str) -> None:
        """Collect the code."""
        if self._depth:
            self.code += data.strip()


class Professional:
    """A person at the portal, with a browser of their own."""

    def __init__(self, url: str, session: requests.Session) -> None:
        """Use the portal at `url`; the session keeps the cookies."""
        self._url = url.rstrip("/")
        self._session = session

    def sign_in(self, person: str = "nurse") -> None:
        """Sign in as a person for demonstrations; raise PortalError or UnreachableError."""
        fields = self._fields("/en/sign-in", "/en/demonstration")
        self.request("POST", "/en/demonstration", {**fields, "person": person})

    def issue_code(self) -> str:
        """Return a code, as the page shows it; raise PortalError or UnreachableError."""
        fields = self._fields("/en/", "/en/code")
        code = _Page(self.request("POST", "/en/code", fields).text).code
        if not _CODE.fullmatch(code):
            raise PortalError("the page shows no code")
        return code

    def request(self, method: str, path: str, fields: dict[str, str] | None = None) -> requests.Response:
        """Return the answer to a request, with redirects followed; raise PortalError for an error."""
        try:
            answer = self._session.request(method, self._url + path, data=fields, timeout=TIMEOUT_SECONDS)
        except requests.RequestException as error:
            raise UnreachableError(f"the server did not answer: {type(error).__name__}") from error
        if answer.status_code != requests.codes.ok:
            raise PortalError(f"{path} answered HTTP {answer.status_code}")
        return answer

    def _fields(self, path: str, action: str) -> dict[str, str]:
        forms = _Page(self.request("GET", path).text).forms
        if action not in forms:
            raise PortalError(f"{path} has no form for {action}")
        return forms[action]
