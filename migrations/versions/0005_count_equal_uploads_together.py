"""Count equal uploads together

A column with a constant default: the version that runs while this is applied goes on adding rows that stand for one
upload each.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tek_upload_count", sa.Column("uploads", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    op.drop_column("tek_upload_count", "uploads")
