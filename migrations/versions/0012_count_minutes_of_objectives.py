"""Count minutes of objectives

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "objective_minutes",
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("objective", sa.String(length=64), nullable=False),
        sa.Column("good", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("minute", "objective", name="pk_objective_minutes"),
    )
    op.create_table(
        "folded_batches",
        sa.Column("identifier", sa.String(length=32), nullable=False),
        sa.Column("folded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("identifier", name="pk_folded_batches"),
    )


def downgrade() -> None:
    op.drop_table("folded_batches")
    op.drop_table("objective_minutes")
