"""Remember wrong codes for a day

Only new tables: the version that runs while this is applied does not know them.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "failed_key_claim_hours",
        sa.Column("identifier", sa.String(length=32), nullable=False),
        sa.Column("hour", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("identifier", "hour", name=op.f("pk_failed_key_claim_hours")),
    )
    op.create_index(op.f("ix_failed_key_claim_hours_hour"), "failed_key_claim_hours", ["hour"], unique=False)
    op.create_table(
        "failed_key_claim_minutes",
        sa.Column("minute", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("connection", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("minute", "connection", name=op.f("pk_failed_key_claim_minutes")),
    )


def downgrade() -> None:
    op.drop_table("failed_key_claim_minutes")
    op.drop_index(op.f("ix_failed_key_claim_hours_hour"), table_name="failed_key_claim_hours")
    op.drop_table("failed_key_claim_hours")
