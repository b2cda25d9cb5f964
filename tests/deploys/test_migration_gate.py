"""bin/check-migrations accepts only migrations that do not affect the running version."""

import shutil
import subprocess
from pathlib import Path

from alembic.script import ScriptDirectory

ROOT = Path(__file__).parents[2]

TEMPLATE = '''"""A proposed migration"""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    pass
'''

HARMLESS = (
    'op.add_column("events", sa.Column("note", sa.String(length=64), nullable=True))',
    'op.create_table("notes", sa.Column("id", sa.BIGINT(), primary_key=True))\n'
    '    op.create_index("i", "notes", ["id"])',
    'op.execute("-- squawk-ignore ban-drop-column\\nALTER TABLE events DROP COLUMN note")',
    "with op.get_context().autocommit_block():\n"
    '        op.create_index("i", "events", ["source"], postgresql_concurrently=True, if_not_exists=True)',
)

HARMFUL = {
    "adding-required-field": 'op.add_column("events", sa.Column("note", sa.String(length=64), nullable=False))',
    "require-concurrent-index-creation": 'op.create_index("i", "events", ["source"])',
    "ban-concurrent-index-creation-in-transaction": (
        'op.create_index("i", "events", ["source"], postgresql_concurrently=True, if_not_exists=True)'
    ),
    "ban-drop-column": 'op.drop_column("events", "count")',
    "ban-drop-table": 'op.drop_table("events")',
    "renaming-column": 'op.alter_column("events", "count", new_column_name="number")',
    "changing-column-type": 'op.alter_column("events", "count", type_=sa.BIGINT())',
    "adding-not-nullable-field": 'op.alter_column("encryption_keys", "originator", nullable=False)',
    "constraint-missing-not-valid": 'op.create_check_constraint("positive", "events", "count > 0")',
    "disallowed-unique-constraint": 'op.create_unique_constraint("u", "events", ["source", "identifier", "date"])',
}


def verdict(folder: Path, *proposals: str) -> "subprocess.CompletedProcess[str]":
    """Run bin/check-migrations on our migrations with others after them."""
    migrations = folder / "migrations"
    shutil.copytree(ROOT / "migrations", migrations, ignore=shutil.ignore_patterns("__pycache__"))
    for number, upgrade in enumerate(proposals):
        head = ScriptDirectory(str(migrations)).get_current_head()
        text = TEMPLATE.format(head=head, upgrade=upgrade).replace("9999", f"9{number:03}")
        (migrations / "versions" / f"9{number:03}_proposed.py").write_text(text)
    command = [ROOT / "bin" / "check-migrations", migrations]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_safe_migrations_pass(tmp_path: Path) -> None:
    result = verdict(tmp_path, *HARMLESS)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{len(list((ROOT / 'migrations' / 'versions').glob('*.py'))) + len(HARMLESS)} files" in result.stdout


def test_every_harmful_migration_is_refused_by_name(tmp_path: Path) -> None:
    result = verdict(tmp_path, *HARMFUL.values())
    assert result.returncode == 1, result.stdout + result.stderr
    assert [rule for rule in HARMFUL if rule not in result.stdout] == []
