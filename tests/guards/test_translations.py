"""Every text exists in both languages, is used, has the same placeholders, and French has its typography."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.web.i18n import FOLDER, LANGUAGES, files, load_texts
from tests.guards.source import ROOT

GROUPS = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def texts(group: str, language: str) -> dict[str, str]:
    return load_texts(group, language)


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def sources(group: str) -> Iterator[Path]:
    """Yield the files that may use a group's texts."""
    yield from (ROOT / "app" / "templates").glob("*.html")
    yield from (ROOT / "app" / "templates" / group).rglob("*.html")
    yield from (ROOT / "app" / "static" / group).rglob("*.js")
    yield from (ROOT / "app" / "static" / "design").glob("*.js")
    package = group if (ROOT / "app" / group).is_dir() else "review"
    yield from (ROOT / "app" / package).rglob("*.py")


def pairs() -> Iterator[tuple[str, str, str]]:
    """Yield every text: `group/key`, its English and its French."""
    for group in GROUPS:
        english, french = (texts(group, language) for language in LANGUAGES)
        yield from ((f"{group}/{key}", english[key], french.get(key, "")) for key in english)


def test_languages_have_the_same_texts() -> None:
    for group in GROUPS:
        first, *others = (
            [f".{path.name}".removesuffix(f".{language}.json") for path in files(group, language)]
            for language in LANGUAGES
        )
        assert others == [first] * len(others), f"{group}: the same files"
        first, *others = (list(texts(group, language)) for language in LANGUAGES)
        assert others == [first] * len(others), f"{group}: the same keys in the same order"


def test_no_text_of_a_group_is_in_two_files() -> None:
    for group in GROUPS:
        keys = [key for path in files(group, "en") for key in json.loads(path.read_text(encoding="utf-8"))]
        assert sorted(keys) == sorted(set(keys)), group


def test_texts_are_not_empty_and_have_the_same_placeholders() -> None:
    assert [key for key, english, french in pairs() if not english.strip() or not french.strip()] == []
    assert [key for key, english, french in pairs() if placeholders(english) != placeholders(french)] == []


def test_texts_are_translated() -> None:
    assert [key for key, english, french in pairs() if english == french and len(english.split()) > 2] == []


def test_texts_of_scripts_exist_and_are_used() -> None:
    used = {(group, key) for group in GROUPS for key in keys_used_by_scripts(group)}
    known = {(group, key) for group in GROUPS for key in keys_for_scripts(group)}
    assert used - known == set(), "add these texts to both languages"
    assert known - used == set(), "delete these texts: no script uses them"


def keys_used_by_scripts(group: str) -> set[str]:
    source = "".join(path.read_text(encoding="utf-8") for path in sources(group))
    return set(re.findall(r'"(live\.[\w.]+)"', source))


def keys_for_scripts(group: str) -> set[str]:
    known = {key.removesuffix(".one").removesuffix(".other") for key in texts(group, "en") if key.startswith("live.")}
    # `live.claim.other` is for errors without a name; it is not a plural.
    return {f"{key}.other" if key == "live.claim" else key for key in known}


def test_singular_texts_have_a_plural() -> None:
    singular = [key for key, _, _ in pairs() if key.endswith(".one")]
    keys = {key for key, _, _ in pairs()}
    assert [key for key in singular if key.replace(".one", ".other") not in keys] == []


NO_BREAK = "\N{NO-BREAK SPACE}"
UNITS = "%|°C|s|ms|min|h|o|ko|Mo|dB|octets?|caractères|secondes|minutes|heures?|jours|semaines|mois"
WRONG_SPACING = {
    "no no-break space before a colon": rf"(?<![{NO_BREAK}\d/a-z]):(?!//)|[a-zà-ÿ]:(?!//)",
    "no no-break space inside guillemets": rf"«(?!{NO_BREAK})|(?<!{NO_BREAK})»",
    "a space before a semicolon, an exclamation mark or a question mark": r"\s[;!?]",
    "a space that can break before a unit": rf"[\d}}] (?:{UNITS})\b",
    "a straight apostrophe": r"\w'\w",
    "straight quotation marks": r'"',
    "a time without `h`": r"\b\d{1,2}:\d{2}\b",
    "three dots in place of an ellipsis": r"\.\.\.",
    "two spaces": r"[^\S\n]{2}",
}


def wrong_spacing(text: str) -> list[str]:
    """Return the rules of French typography, as Canada uses them, that a text breaks."""
    return [rule for rule, pattern in WRONG_SPACING.items() if re.search(pattern, text)]


def test_french_has_the_spaces_that_canada_uses() -> None:
    wrong = {key: broken for key, _, french in pairs() if (broken := wrong_spacing(french))}
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
    assert [key for key, _, french in pairs() if familiar.search(french)] == []


def test_texts_of_templates_exist_and_are_used() -> None:
    for group in GROUPS:
        assert unused_by_templates(group) == [], f"{group}: delete these texts, which no page uses"
        assert missing_from_texts(group) == set(), f"{group}: add these texts to both languages"


def missing_from_texts(group: str) -> set[str]:
    source = "".join(path.read_text(encoding="utf-8") for path in sources(group))
    used = set(re.findall(r'\bt\("([\w.]+)"[,)]', source))
    return used - set(texts(group, "en")) - set(texts("shared", "en"))


def unused_by_templates(group: str) -> list[str]:
    source = "".join(path.read_text(encoding="utf-8") for path in sources(group))
    known = {key for key in texts(group, "en") if not key.startswith("live.")}
    prefixes = set(re.findall(r'"([\w.]+\.)" ~', source)) | {"refused."}
    prefixes |= {f"mail.{message}." for message in re.findall(r'message="(\w+)"', source)}
    suffixes = set(re.findall(r'~ "(\.[\w.]+)"\)', source))
    literal = set(re.findall(r'"([\w.]+)"', source))
    used = tuple(prefixes | suffixes)
    return [key for key in known - literal if not key.startswith(used) and not key.endswith(used)]
