"""Mix stored rows

Columns with a constant default, or nullable: the version that runs while this is applied goes on adding rows, which are
mixed like others. Rewritten rows leave dead ones behind, which autovacuum now removes within minutes.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_COUNTERS = ("events", "otk_life_duration", "tek_upload_count")
_REWRITTEN = ("diagnosis_keys", "encryption_keys", *_COUNTERS)


def upgrade() -> None:
    op.add_column("diagnosis_keys", sa.Column("mixed", sa.Boolean(), server_default="false", nullable=False))
    for table in _COUNTERS:
        op.add_column(table, sa.Column("rolled_up", sa.Boolean(), server_default="false", nullable=False))
    for table in _REWRITTEN:
        op.execute(f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50)")


def downgrade() -> None:
    for table in _REWRITTEN:
        op.execute(f"ALTER TABLE {table} RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold)")
    for table in _COUNTERS:
        op.drop_column(table, "rolled_up")
    op.drop_column("diagnosis_keys", "mixed")
