"""Share secrets

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shared_secrets",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("receipt_digest", sa.LargeBinary(), nullable=True),
        sa.Column("envelope", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("network", sa.String(length=32), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_shared_secrets"),
        sa.UniqueConstraint("receipt_digest", name="uq_shared_secrets_receipt_digest"),
        sa.CheckConstraint("octet_length(digest) = 32", name="ck_shared_secrets_digest_length"),
        sa.CheckConstraint("(envelope IS NULL) = (receipt_digest IS NULL)", name="ck_shared_secrets_complete"),
    )
    op.create_index("ix_shared_secrets_expires", "shared_secrets", ["expires"])
    # Ciphertext does not compress.
    op.execute("ALTER TABLE shared_secrets ALTER COLUMN envelope SET STORAGE EXTERNAL")
    op.create_table(
        "shared_secret_receipts",
        sa.Column("receipt_digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=9), nullable=True),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("receipt_digest", name="pk_shared_secret_receipts"),
        sa.CheckConstraint("octet_length(receipt_digest) = 32", name="ck_shared_secret_receipts_digest_length"),
    )
    op.create_index("ix_shared_secret_receipts_expires", "shared_secret_receipts", ["expires"])


def downgrade() -> None:
    op.drop_table("shared_secret_receipts")
    op.drop_table("shared_secrets")
