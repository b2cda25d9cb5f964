"""Keep daily figures

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "daily_figures",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("figure", sa.String(length=32), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("published", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("day", "place", "figure", name="pk_daily_figures"),
        sa.CheckConstraint("published = count", name="ck_daily_figures_published_is_true"),
    )
    op.create_table(
        "figure_readings",
        sa.Column("figure", sa.String(length=32), nullable=False),
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("figure", "minute", name="pk_figure_readings"),
    )
    op.create_table(
        "daily_digests",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_daily_digests"),
    )


def downgrade() -> None:
    op.drop_table("daily_digests")
    op.drop_table("figure_readings")
    op.drop_table("daily_figures")
