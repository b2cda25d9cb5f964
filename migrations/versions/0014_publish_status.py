"""Publish status

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "status_documents",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_status_documents"),
        sa.CheckConstraint("id = 1", name="ck_status_documents_only_one"),
        sa.CheckConstraint("octet_length(body) <= 1000000", name="ck_status_documents_body_length"),
    )
    op.create_table(
        "status_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=11), nullable=False),
        sa.Column("good_minutes", sa.Integer(), nullable=False),
        sa.Column("measured_minutes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "part", name="pk_status_days"),
    )
    op.create_table(
        "status_objective_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("objective", sa.String(length=64), nullable=False),
        sa.Column("good", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "objective", name="pk_status_objective_days"),
    )
    op.create_table(
        "status_planned_work",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("title_fr", sa.Text(), nullable=False),
        sa.Column("parts", sa.String(length=200), nullable=False),
        sa.Column("begins", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.Column("announced", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_status_planned_work"),
        sa.CheckConstraint("begins < ends", name="ck_status_planned_work_order"),
    )


def downgrade() -> None:
    op.drop_table("status_planned_work")
    op.drop_table("status_objective_days")
    op.drop_table("status_days")
    op.drop_table("status_documents")
