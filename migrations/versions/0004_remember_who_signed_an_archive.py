"""Remember who signed an archive.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("export_archives", sa.Column("signer", sa.String(length=32), nullable=True))


def downgrade() -> None:
    op.drop_column("export_archives", "signer")
