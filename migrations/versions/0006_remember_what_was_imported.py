"""Remember what was imported

Only new tables: the version that runs while this is applied does not know them.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imported_key_pairs",
        sa.Column("server_public_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("server_public_key", name=op.f("pk_imported_key_pairs")),
    )
    op.create_table(
        "imported_counters",
        sa.Column("ledger", sa.String(length=32), nullable=False),
        sa.Column("figure", sa.String(length=160), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ledger", "figure", name=op.f("pk_imported_counters")),
    )


def downgrade() -> None:
    op.drop_table("imported_counters")
    op.drop_table("imported_key_pairs")
