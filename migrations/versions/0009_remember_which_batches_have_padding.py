"""Remember which batches have padding

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "padded_batches",
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("region", name="pk_padded_batches"),
    )


def downgrade() -> None:
    op.drop_table("padded_batches")
