"""The guide for integrators stays true: every sample, every error and every link in it."""

import re
from pathlib import Path

import pytest

from clients.phone import exposure_pb2 as pb
from tests.clients.sample_runs import SAMPLES, SUFFIXES

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "integrators.md"
FRENCH = ROOT / "docs" / "integrators.fr.md"
PAGES = [GUIDE, FRENCH, ROOT / "clients" / "README.md", ROOT / "docs" / "test-vectors.md"]
TEXT = GUIDE.read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page):
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()) if "://" not in link]

    assert links
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_sample_is_named_in_the_step_that_it_does():
    own = [path for path in SAMPLES.rglob("*.*") if path.suffix in SUFFIXES and "node_modules" not in path.parts]
    shared = {"exposure_pb2.py", "send.mjs", "main.go", "Service.cs", "Wire.cs", "Main.kt", "Package.swift"}
    shared |= {"service.py", "service.php", "service.rb"}

    assert [path.name for path in own if path.name not in shared and str(path.relative_to(ROOT)) not in TEXT] == []


@pytest.mark.parametrize("message", [pb.KeyClaimResponse, pb.EncryptedUploadResponse])
def test_every_error_of_the_protocol_is_explained(message):
    names = message.ErrorCode.keys()
    # A claim that succeeds has no error at all.
    explained = set(re.findall(r"`([A-Z_]+)`", TEXT)) | {"NONE"}

    assert set(names) - explained == set()


def test_every_variable_of_the_samples_is_explained():
    read = set()
    for path in SAMPLES.rglob("*.*"):
        if "node_modules" not in path.parts and path.suffix in SUFFIXES:
            read |= set(re.findall(r"\b([A-Z]+_[A-Z_]*(?:URL|TOKEN|KEY))\b", path.read_text()))

    assert len(read) == 6
    assert [name for name in read if name not in (ROOT / "clients" / "README.md").read_text()] == []


def shape(text):
    """Return the structure of a page: its headings, list items, rows of tables, and blocks of code, in order."""
    return re.findall(r"^(#{1,6} |\| |- |\d\. |```\w*$)", text, re.MULTILINE)


def test_the_french_guide_has_the_same_structure_links_and_names():
    french = FRENCH.read_text()

    assert shape(french) == shape(TEXT)
    for pattern in (
        r"\]\((\.\./[^)]+|test-vectors\.md)\)",
        r"`([A-Z][A-Za-z_0-9]+)`",
        r"^\| (\d{3}) \|",
        r"`(/[^`]+)`",
    ):
        assert re.findall(pattern, french, re.MULTILINE) == re.findall(pattern, TEXT, re.MULTILINE), pattern
    blocks = [re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE) for text in (french, TEXT)]
    commands = [[block for kind, block in found if kind != "mermaid"] for found in blocks]
    assert commands[0] == commands[1]


def test_the_french_guide_has_its_spaces():
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", FRENCH.read_text(), flags=re.DOTALL)

    assert re.findall(r".{9} [:;?!»](?=[\s|])", prose) == []
    assert re.findall(r".{9}[\u00a0\u202f][;?!]", prose) == []  # as in France
    assert "'" not in prose
