"""Broken hashes are refused wherever they could be used."""

import subprocess

import pytest

from tests.guards.source import ROOT, modules

BROKEN = {
    "hashlib.md5": "import hashlib\n\nhashlib.md5(b'')\n",
    "hashlib.sha1": "import hashlib\n\nhashlib.sha1(b'')\n",
    "hashlib.new": "import hashlib\n\nhashlib.new('sha1')\n",
    "cryptography": "from cryptography.hazmat.primitives import hashes\n\nhashes.SHA1()\n",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_hash_is_refused_by_the_style_check(text: str) -> None:
    command = [ROOT / ".venv" / "bin" / "ruff", "check", "--output-format", "concise", "--stdin-filename"]
    done = subprocess.run(
        [*command, "app/crypto/new.py", "-"], cwd=ROOT, input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "S324" in done.stdout or "S303" in done.stdout, done.stdout


def test_no_module_makes_an_exception() -> None:
    excused = [
        module.name for module in modules("app", "worker") if "noqa: S324" in module.text or "S303" in module.text
    ]
    assert excused == []
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert "S324" not in settings
    assert "S303" not in settings
