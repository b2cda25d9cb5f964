"""A release with a migration: old and new code serve with the new schema for a while, without an effect on clients."""

import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from processes.ports import reserve_port
from tests.deploys.test_migration_gate import TEMPLATE
from tests.support.load import Load
from tests.support.stack import Stack, new_stack
from tests.support.torture import only_in_torture

ROOT = Path(__file__).parents[2]
CODE = ("app", "bin", "migrations", "worker")

# A backward-compatible change: a column that old code does not know, an index, a table.
EXPAND = """op.add_column("encryption_keys", sa.Column("note", sa.String(length=64), server_default="none"))
    op.create_table("notes", sa.Column("id", sa.BIGINT(), primary_key=True))
    with op.get_context().autocommit_block():
        op.create_index("ix_notes", "encryption_keys", ["note"], postgresql_concurrently=True, if_not_exists=True)"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A separate service, because the tables of the next release remain."""
    with new_stack(tmp_path_factory) as stack:
        yield stack


@dataclass(frozen=True)
class NextRelease:
    """The web process of the next release, with the database and settings of the running one."""

    stack: Stack
    port: int

    def setting(self, name: str) -> str:
        """Return a setting."""
        return self.stack.setting(name)


@contextmanager
def serving(code: Path, stack: Stack) -> Iterator[NextRelease]:
    """Run the web process of other code until the end of the block."""
    release = NextRelease(stack, reserve_port())
    environment = stack.web.environ() | {"BIND_ADDR": f"127.0.0.1:{release.port}", "REVISION": "next"}
    process = subprocess.Popen([code / "bin" / "web"], env=environment, stderr=subprocess.DEVNULL)
    try:
        yield release
    finally:
        process.terminate()
        assert process.wait(30) == 0


def copy_of_the_code(folder: Path) -> Path:
    """Return a copy of the deployed code with one more migration."""
    for name in CODE:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "gunicorn.conf.py", folder)
    head = ScriptDirectory(str(folder / "migrations")).get_current_head()
    (folder / "migrations" / "versions" / "9999_expand.py").write_text(TEMPLATE.format(head=head, upgrade=EXPAND))
    return folder


@only_in_torture
def test_old_and_new_code_serve_during_and_after_a_migration(stack: Stack, tmp_path: Path) -> None:
    code = copy_of_the_code(tmp_path)
    with Load(stack) as old, serving(code, stack) as release:
        subprocess.run(
            [Path(sys.executable).parent / "flask", "--app", "app", "db", "upgrade"],
            cwd=code,
            env=stack.web.environ() | {"PATH": os.environ["PATH"]},
            check=True,
            stderr=subprocess.DEVNULL,
        )
        stack.wait_for(lambda: _answers(release), "the new code serves", 60)
        with Load(release) as new:
            stack.wait_for(lambda: old.is_well_since(0) and len(new.acknowledged) > 50, "both have served", 60)

    assert (old.failures, new.failures) == ([], [])
    assert stack.query("SELECT version_num FROM alembic_version") == [("9999",)]
    notes = stack.query("SELECT note, count(*) FROM encryption_keys GROUP BY note")
    assert len(notes) == 1
    assert notes[0][0] == "none"
    print(f"{len(old.exchanges)} requests to the old code and {len(new.exchanges)} to the new: none failed")


def _answers(release: NextRelease) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{release.port}/services/version.json", timeout=5) as answer:
            return b"next" in answer.read()
    except OSError:
        return False
