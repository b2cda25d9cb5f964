"""`bin/check-secrets` examines every file, with a program in the place of the one that finds secrets."""

import shutil
import subprocess
from pathlib import Path

from tests.guards.source import ROOT


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def test_secrets_are_looked_for_in_files_of_every_name(tmp_path: Path) -> None:
    write(tmp_path / "bin" / "install", "#!/bin/sh\n")
    shutil.copy(ROOT / "bin" / "check-secrets", tmp_path / "bin")
    write(tmp_path / ".venv" / "bin" / "detect-secrets-hook", '#!/bin/sh\nprintf "%s\\n" "$@" >> examined\n')
    names = {"plain.py", "clé.py", "two words.py", "tests/données.py"}
    for name in names:
        write(tmp_path / name, "")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    subprocess.run([tmp_path / "bin" / "check-secrets"], check=True, timeout=60)
    assert names <= set((tmp_path / "examined").read_text().splitlines())
