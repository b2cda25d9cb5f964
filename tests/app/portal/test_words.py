"""The same thing has the same name on every page of the portal, in both languages."""

import re

import pytest

from app.portal.views.pages import GROUP
from app.web.i18n import LANGUAGES, load_texts

# Buttons that do the same, and labels that mean the same.
SAME = (
    ("navigation.sign_out", "accounts.session.sign_out"),
    ("codes.expires", "live.list.expires"),
    ("codes.expires", "people.valid_until"),
)
# In French, codes are “délivrés” and “annulés”, places “inscrits”, and people open sessions: see docs/glossary.fr.md.
WORDS = {
    "audit.action.issue": "délivré",
    "audit.action.register-place": "inscrit",
    "audit.action.sign-in": "session",
    "audit.action.withdraw-code": "annulé",
    "codes.issued": "délivré",
    "codes.status.withdrawn": "annulé",
    "statistics.column.issued": "délivrés",
    "statistics.issued": "délivrés",
    "statistics.places": "inscrits",
}
NETWORK = {"accounts.session.failed", "live.list.connection"}  # about the connection to the portal


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_does_the_same_has_the_same_name(language: str) -> None:
    texts = load_texts(GROUP, language)
    assert [pair for pair in SAME if texts[pair[0]] != texts[pair[1]]] == []


def test_french_texts_use_the_words_of_the_glossary() -> None:
    texts = load_texts(GROUP, "fr")
    assert {key: texts[key] for key, word in WORDS.items() if word not in texts[key].lower()} == {}


def test_french_texts_speak_of_sessions_not_of_connections() -> None:
    texts = load_texts(GROUP, "fr")
    found = {key for key, text in texts.items() if re.search(r"connexion|connect[eé]", text, re.IGNORECASE)}
    assert found - NETWORK == set()


def test_telephone_numbers_are_written_alike() -> None:
    texts = load_texts(GROUP, "fr")
    assert [key for key, text in texts.items() if re.search(r"\b613 555 0123", text)] == []
