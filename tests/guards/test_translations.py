"""Every text exists in both languages, is used, has the same placeholders, and French has its typography."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.web.i18n import FOLDER, LANGUAGES
from tests.guards.source import ROOT

GROUPS = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def texts(group: str, language: str) -> dict[str, str]:
    return json.loads((FOLDER / group / f"{language}.json").read_text(encoding="utf-8"))


def blanks(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def sources(group: str) -> Iterator[Path]:
    """Yield the files that may use a group's texts."""
    yield from (ROOT / "app" / "templates").glob("*.html")
    yield from (ROOT / "app" / "templates" / group).glob("*.html")
    yield from (ROOT / "app" / "static" / group).glob("*.js")
    yield from (ROOT / "app" / "review").rglob("*.py")


@pytest.mark.parametrize("group", GROUPS)
def test_every_language_has_the_same_texts(group: str) -> None:
    assert sorted(path.stem for path in (FOLDER / group).iterdir()) == sorted(LANGUAGES)
    first, *others = (list(texts(group, language)) for language in LANGUAGES)
    assert all(other == first for other in others)


@pytest.mark.parametrize("group", GROUPS)
def test_every_text_says_something_and_has_the_same_blanks(group: str) -> None:
    english, french = (texts(group, language) for language in LANGUAGES)
    assert [key for key in english if not english[key].strip() or not french[key].strip()] == []
    assert [key for key in english if blanks(english[key]) != blanks(french[key])] == []


@pytest.mark.parametrize("group", GROUPS)
def test_no_text_was_left_in_the_other_language(group: str) -> None:
    english, french = (texts(group, language) for language in LANGUAGES)
    assert [key for key in english if english[key] == french[key] and len(english[key].split()) > 2] == []


@pytest.mark.parametrize("group", GROUPS)
def test_every_text_of_a_script_is_used_and_exists(group: str) -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in sources(group))
    used = set(re.findall(r'"(live\.[\w.]+)"', source))
    known = {key.removesuffix(".one").removesuffix(".other") for key in texts(group, "en") if key.startswith("live.")}
    # `live.claim.other` is a text of its own, beside those of the errors with a name.
    known = {f"{key}.other" if key == "live.claim" else key for key in known}
    assert used == known


@pytest.mark.parametrize("group", GROUPS)
def test_a_text_with_a_form_for_one_has_a_form_for_many(group: str) -> None:
    keys = set(texts(group, "en"))
    assert {key for key in keys if key.endswith(".one") and key.replace(".one", ".other") not in keys} == set()


NO_BREAK = "\N{NO-BREAK SPACE}"
WRONG_SPACING = {
    "no no-break space before a colon": rf"(?<![{NO_BREAK}\d/a-z]):(?!//)|[a-zà-ÿ]:(?!//)",
    "no no-break space inside guillemets": rf"«(?!{NO_BREAK})|(?<!{NO_BREAK})»",
    "a space before a semicolon, an exclamation mark or a question mark": r"\s[;!?]",
    "a space that can break before a unit": r"[\d}] (?:%|°C|s|ms|min|h|o|ko|Mo|dB|octets?|jours|semaines)\b",
    "a straight apostrophe": r"\w'\w",
    "straight quotation marks": r'"',
    "a time without `h`": r"\b\d{1,2}:\d{2}\b",
    "three dots in place of an ellipsis": r"\.\.\.",
    "two spaces": r"\s\s",
}


def wrong_spacing(text: str) -> list[str]:
    """Return the rules of French typography, as Canada uses them, that a text breaks."""
    return [rule for rule, pattern in WRONG_SPACING.items() if re.search(pattern, text)]


@pytest.mark.parametrize("group", GROUPS)
def test_french_has_the_spaces_that_canada_uses(group: str) -> None:
    wrong = {key: broken for key, text in texts(group, "fr").items() if (broken := wrong_spacing(text))}
    assert wrong == {}


@pytest.mark.parametrize(
    "text",
    [
        "Le résultat : bon",
        "Le résultat: bon",
        "Le {name}: bon",
        "un « mot »",
        f"un «{NO_BREAK}mot »",
        f"Réessayez{NO_BREAK}!",
        "Pourquoi ?",
        "une clé ; une autre",
        "en {seconds} s",
        "l'archive",
        'un "mot"',
        "à 13:45",
        "En cours...",
        "deux  espaces",
    ],
)
def test_wrong_french_spacing_is_found(text: str) -> None:
    assert wrong_spacing(text) != []


@pytest.mark.parametrize(
    "text",
    [
        f"Le résultat{NO_BREAK}: bon",
        f"un «{NO_BREAK}mot{NO_BREAK}»; un autre!",
        "http://localhost",
        f"à 13{NO_BREAK}h{NO_BREAK}45",
        f"{{count}}{NO_BREAK}ko",
        "En cours…",
    ],
)
def test_right_french_spacing_is_not_reported(text: str) -> None:
    assert wrong_spacing(text) == []


def test_french_does_not_address_the_user_familiarly() -> None:
    familiar = re.compile(r"\b(?:tu|ton|ta|tes|toi)\b", re.IGNORECASE)
    assert [key for group in GROUPS for key, text in texts(group, "fr").items() if familiar.search(text)] == []


@pytest.mark.parametrize("group", GROUPS)
def test_every_text_of_a_template_is_used_and_exists(group: str) -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in sources(group))
    known = {key for key in texts(group, "en") if not key.startswith("live.")}
    prefixes = set(re.findall(r'"([\w.]+\.)" ~', source)) | {"refused."}
    suffixes = set(re.findall(r'~ "(\.[\w.]+)"\)', source))
    literal = set(re.findall(r'"([\w.]+)"', source))
    used = tuple(prefixes | suffixes)
    unused = [key for key in known - literal if not key.startswith(used) and not key.endswith(used)]
    assert unused == []
    assert set(re.findall(r'\bt\("([\w.]+)"[,)]', source)) <= known | set(texts("shared", "en"))
