"""Every text exists in both languages, is used, and has the same placeholders."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from app.web.i18n import FOLDER, LANGUAGES
from tests.guards.source import ROOT

GROUPS = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def texts(group: str, language: str) -> dict[str, str]:
    return json.loads((FOLDER / group / f"{language}.json").read_text(encoding="utf-8"))


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def sources(group: str) -> Iterator[Path]:
    """Yield the files that may use a group's texts."""
    yield from (ROOT / "app" / "templates").glob("*.html")
    yield from (ROOT / "app" / "templates" / group).glob("*.html")
    yield from (ROOT / "app" / "static" / group).glob("*.js")
    yield from (ROOT / "app" / group).glob("*.py")


def pairs() -> Iterator[tuple[str, str, str]]:
    """Yield every text: `group/key`, its English and its French."""
    for group in GROUPS:
        english, french = (texts(group, language) for language in LANGUAGES)
        yield from ((f"{group}/{key}", english[key], french.get(key, "")) for key in english)


def test_languages_have_the_same_texts() -> None:
    files = {group: sorted(path.stem for path in (FOLDER / group).iterdir()) for group in GROUPS}
    assert files == dict.fromkeys(GROUPS, sorted(LANGUAGES))
    for group in GROUPS:
        first, *others = (list(texts(group, language)) for language in LANGUAGES)
        assert others == [first] * len(others), f"{group}: the same keys in the same order"


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
