"""Every text exists in both languages, is used, and has the same blanks to fill in."""

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
    yield from (ROOT / "app" / group).glob("*.py")


@pytest.mark.parametrize("group", GROUPS)
def test_languages_have_the_same_texts(group: str) -> None:
    assert sorted(path.stem for path in (FOLDER / group).iterdir()) == sorted(LANGUAGES)
    first, *others = (list(texts(group, language)) for language in LANGUAGES)
    assert all(other == first for other in others)


@pytest.mark.parametrize("group", GROUPS)
def test_texts_are_not_empty_and_have_the_same_placeholders(group: str) -> None:
    english, french = (texts(group, language) for language in LANGUAGES)
    assert [key for key in english if not english[key].strip() or not french[key].strip()] == []
    assert [key for key in english if blanks(english[key]) != blanks(french[key])] == []


@pytest.mark.parametrize("group", GROUPS)
def test_texts_are_translated(group: str) -> None:
    english, french = (texts(group, language) for language in LANGUAGES)
    assert [key for key in english if english[key] == french[key] and len(english[key].split()) > 2] == []


@pytest.mark.parametrize("group", GROUPS)
def test_texts_of_scripts_exist_and_are_used(group: str) -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in sources(group))
    used = set(re.findall(r'"(live\.[\w.]+)"', source))
    known = {key.removesuffix(".one").removesuffix(".other") for key in texts(group, "en") if key.startswith("live.")}
    # `live.claim.other` is a text of its own, beside those of the errors with a name.
    known = {f"{key}.other" if key == "live.claim" else key for key in known}
    assert used == known


@pytest.mark.parametrize("group", GROUPS)
def test_singular_texts_have_a_plural(group: str) -> None:
    keys = set(texts(group, "en"))
    assert {key for key in keys if key.endswith(".one") and key.replace(".one", ".other") not in keys} == set()
