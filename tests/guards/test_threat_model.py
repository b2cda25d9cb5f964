"""docs/threat-model.md is correct: its tests exist, each attack has a test or a reason, and its figures are right."""

import ast
import math
import re
from collections import Counter
from functools import cache
from pathlib import Path

from app.domain.codes import DIGITS, LETTERS, SEGMENT_LENGTHS
from tests.guards.source import ROOT
from tests.support.settings import make_settings

TEXT = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
ATTACK_HEAD = "| attack | kind | countermeasure | test | what remains |"
REQUIREMENT_HEAD = "| requirement | in our words | status | evidence |"
STATUSES = {"met", "partly", "not met", "deployment"}
WAITING_CODES = 1000


def rows(head: str) -> list[list[str]]:
    """Return the cells of every row of every table with this head."""
    found = []
    for table in TEXT.split(f"{head}\n")[1:]:
        lines = table.partition("\n\n")[0].splitlines()[1:]
        found += [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return found


def named_tests(text: str) -> list[str]:
    return re.findall(r"`(tests/[\w/]+\.py::\w+)`", text)


@cache
def functions_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def exists(name: str) -> bool:
    """Return whether a file has a test function: `tests/app/test_leaks.py::test_logs_contain_no_secret`."""
    path, _, function = name.partition("::")
    return (ROOT / path).is_file() and function in functions_of(ROOT / path)


def test_named_tests_exist() -> None:
    missing = [name for name in sorted(set(named_tests(TEXT))) if not exists(name)]
    assert missing == [], "correct these names in docs/threat-model.md: the tests were renamed or moved"


def test_every_mention_of_a_test_is_checked() -> None:
    assert len(re.findall(r"::\w+", TEXT)) == len(named_tests(TEXT))


def test_every_attack_names_its_test_or_a_reason_for_none() -> None:
    attacks = rows(ATTACK_HEAD)
    assert len(attacks) > 50
    assert [row[0] for row in attacks if len(row) != 5] == [], "give each of these rows five cells"
    untested = [row[0] for row in attacks if not named_tests(row[3]) and not row[3].startswith("none: ")]
    assert untested == [], "name a test of each of these attacks, or write `none: ` and the reason"
    unknown = [row[0] for row in attacks if not set(row[1].split(", ")) <= set("STRIDE")]
    assert unknown == [], "the kind of an attack is made of the letters of STRIDE"


def test_every_requirement_has_a_number_a_status_and_evidence() -> None:
    requirements = rows(REQUIREMENT_HEAD)
    assert len(requirements) > 80
    assert [row for row in requirements if not is_assessed(row)] == [], (
        f"give a number, a summary, a status ({', '.join(sorted(STATUSES))}) and the evidence"
    )


def is_assessed(row: list[str]) -> bool:
    return (
        len(row) == 4
        and re.fullmatch(r"\d+\.\d+\.\d+(, \d+\.\d+\.\d+)*", row[0]) is not None
        and row[2] in STATUSES
        and (len(row[3]) > 8 or row[2] == "met")
    )


def test_requirements_are_assessed_once_in_their_chapter() -> None:
    assessed = [
        (heading, number)
        for heading, chapter in re.findall(r"^### V(\d+) .*\n((?:(?!^### ).*\n)*)", TEXT, flags=re.MULTILINE)
        for numbers in re.findall(r"^\| (\d+\.\d+\.\d+[^|]*) \|", chapter, flags=re.MULTILINE)
        for number in numbers.split(", ")
    ]
    assert len(assessed) > 100
    misplaced = [number for heading, number in assessed if number.split(".")[0] != heading]
    assert misplaced == [], "move each of these requirements to its own chapter"
    repeated = [number for number, times in Counter(number for _, number in assessed).items() if times > 1]
    assert repeated == [], "assess each of these requirements once"


def number_of_codes() -> int:
    return math.prod(len(LETTERS) ** length + len(DIGITS) ** length for length in SEGMENT_LENGTHS)


def one_in(probability: float) -> str:
    """Return a probability with two significant digits, such as `1 in 1,500`."""
    number = 1 / probability
    unit = 10 ** max(0, math.floor(math.log10(number)) - 1)
    return f"1 in {round(number / unit) * unit:,}"


def test_guessing_probabilities_follow_from_the_settings() -> None:
    settings = make_settings("postgresql://x/y", "redis://x")
    assert f"{number_of_codes():,} equally likely codes ({math.log2(number_of_codes()):.1f} bits)" in TEXT
    assert f"{settings.submission.max_consecutive_claim_key_failures} wrong codes in a row and" in TEXT.replace(
        "\n", " "
    )
    assert settings.submission.code_lifetime.total_seconds() == 24 * 3600
    table = rows("| networks | wrong codes per day | probability of a hit per day |")
    assert len(table) == 5
    for networks, guesses, chance in table:
        count = int(guesses.replace(",", ""))
        if "one guess" not in networks:
            machines = int(re.match(r"[\d,]+", networks)[0].replace(",", ""))  # type: ignore[index]
            assert count == machines * settings.submission.max_daily_claim_key_failures
        assert chance == one_in(1 - (1 - WAITING_CODES / number_of_codes()) ** count)


def test_the_threat_model_is_linked_from_the_main_documents() -> None:
    documents = ("README.md", "SECURITY.md", "SECURITY.fr.md")
    without = [name for name in documents if "(docs/threat-model.md)" not in (ROOT / name).read_text(encoding="utf-8")]
    assert without == [], "link docs/threat-model.md from each of these documents"
