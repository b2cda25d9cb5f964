"""Keep built archives

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "export_archive_parts",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", "part", name=op.f("pk_export_archive_parts")),
    )
    # Zip files do not shrink when they are compressed again.
    op.execute("ALTER TABLE export_archive_parts ALTER COLUMN content SET STORAGE EXTERNAL")
    op.create_table(
        "export_archives",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("period", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("export_digest", sa.String(length=64), nullable=False),
        sa.Column("stored_rows", sa.Integer(), nullable=False),
        sa.Column("built_for_day", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fresh_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "period", name=op.f("pk_export_archives")),
    )


def downgrade() -> None:
    op.drop_table("export_archives")
    op.drop_table("export_archive_parts")
