"""The guide for integrators stays true: every sample, every error and every link in it."""

import re
from pathlib import Path

import pytest

from clients.phone import exposure_pb2 as pb
from tests.clients.sample_runs import SAMPLES

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "integrators.md"
PAGES = [GUIDE, ROOT / "clients" / "README.md", ROOT / "docs" / "test-vectors.md"]
TEXT = GUIDE.read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page):
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()) if "://" not in link]

    assert links
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_sample_is_named_in_the_step_that_it_does():
    scripts = [
        path for path in SAMPLES.rglob("*.*") if path.suffix in {".sh", ".py", ".mjs", ".php", ".rb", ".go", ".cs"}
    ]
    own = [path for path in scripts if "node_modules" not in path.parts]
    shared = {"__init__.py", "service.py", "send.mjs"}

    assert [path.name for path in own if path.name not in shared and str(path.relative_to(ROOT)) not in TEXT] == []


@pytest.mark.parametrize("message", [pb.KeyClaimResponse, pb.EncryptedUploadResponse])
def test_every_error_of_the_protocol_is_explained(message):
    names = message.ErrorCode.keys()
    # A claim that succeeds carries no error at all.
    explained = set(re.findall(r"`([A-Z_]+)`", TEXT)) | {"NONE"}

    assert set(names) - explained == set()


def test_every_variable_of_the_samples_is_explained():
    read = set()
    for path in SAMPLES.rglob("*.*"):
        if "node_modules" not in path.parts and path.suffix in {".sh", ".py", ".mjs", ".php", ".rb", ".go", ".cs"}:
            read |= set(re.findall(r"\b([A-Z]+_[A-Z_]*(?:URL|TOKEN|KEY))\b", path.read_text()))

    assert len(read) == 6
    assert [name for name in read if name not in (ROOT / "clients" / "README.md").read_text()] == []
