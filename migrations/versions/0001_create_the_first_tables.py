"""Create the first tables

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "diagnosis_keys",
        sa.Column("key_data", sa.LargeBinary(), nullable=False),
        sa.Column("rolling_start_interval_number", sa.Integer(), nullable=False),
        sa.Column("rolling_period", sa.SmallInteger(), nullable=False),
        sa.Column("transmission_risk_level", sa.SmallInteger(), nullable=False),
        sa.Column("hour_of_submission", sa.Integer(), nullable=False),
        sa.Column("report_type", sa.SmallInteger(), nullable=True),
        sa.Column("days_since_onset_of_symptoms", sa.SmallInteger(), nullable=True),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("originator", sa.String(length=64), nullable=True),
        sa.CheckConstraint("octet_length(key_data) = 16", name=op.f("ck_diagnosis_keys_key_data_length")),
        sa.PrimaryKeyConstraint("key_data", name=op.f("pk_diagnosis_keys")),
    )
    op.create_index(
        op.f("ix_diagnosis_keys_hour_of_submission"), "diagnosis_keys", ["hour_of_submission"], unique=False
    )
    op.create_table(
        "encryption_keys",
        sa.Column("server_public_key", sa.LargeBinary(), nullable=False),
        sa.Column("server_private_key", sa.LargeBinary(), nullable=False),
        sa.Column("app_public_key", sa.LargeBinary(), nullable=True),
        sa.Column("one_time_code", sa.String(length=10), nullable=True),
        sa.Column("hash_id", sa.String(length=128), nullable=True),
        sa.Column("remaining_keys", sa.SmallInteger(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("originator", sa.String(length=64), nullable=True),
        sa.CheckConstraint("octet_length(app_public_key) = 32", name=op.f("ck_encryption_keys_app_public_key_length")),
        sa.CheckConstraint(
            "octet_length(server_public_key) = 32", name=op.f("ck_encryption_keys_server_public_key_length")
        ),
        sa.CheckConstraint("remaining_keys >= 0", name=op.f("ck_encryption_keys_remaining_keys_not_negative")),
        sa.PrimaryKeyConstraint("server_public_key", name=op.f("pk_encryption_keys")),
        sa.UniqueConstraint("app_public_key", name=op.f("uq_encryption_keys_app_public_key")),
        sa.UniqueConstraint("one_time_code", name=op.f("uq_encryption_keys_one_time_code")),
        sa.UniqueConstraint("originator", "hash_id", name=op.f("uq_encryption_keys_originator_hash_id")),
    )
    op.create_index(op.f("ix_encryption_keys_created"), "encryption_keys", ["created"], unique=False)
    op.create_index(
        "ix_encryption_keys_exhausted",
        "encryption_keys",
        ["server_public_key"],
        unique=False,
        postgresql_where="remaining_keys = 0",
    )
    op.create_table(
        "events",
        sa.Column("id", sa.BIGINT(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("identifier", sa.String(length=32), nullable=False),
        sa.Column("device_type", sa.String(length=16), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_date"), "events", ["date"], unique=False)
    op.create_table(
        "failed_key_claim_attempts",
        sa.Column("identifier", sa.String(length=32), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_failure", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_failed_key_claim_attempts")),
    )
    op.create_index(
        op.f("ix_failed_key_claim_attempts_last_failure"), "failed_key_claim_attempts", ["last_failure"], unique=False
    )
    op.create_table(
        "otk_life_duration",
        sa.Column("id", sa.BIGINT(), nullable=False),
        sa.Column("originator", sa.String(length=64), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_otk_life_duration")),
    )
    op.create_index(op.f("ix_otk_life_duration_date"), "otk_life_duration", ["date"], unique=False)
    op.create_table(
        "qr_outbreak_events",
        sa.Column("id", sa.BIGINT(), nullable=False),
        sa.Column("location_id", sa.String(length=8), nullable=False),
        sa.Column("originator", sa.String(length=64), nullable=True),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("severity", sa.BIGINT(), server_default="0", nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qr_outbreak_events")),
    )
    op.create_index(op.f("ix_qr_outbreak_events_created"), "qr_outbreak_events", ["created"], unique=False)
    op.create_table(
        "tek_upload_count",
        sa.Column("id", sa.BIGINT(), nullable=False),
        sa.Column("originator", sa.String(length=64), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_upload", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tek_upload_count")),
    )
    op.create_index(op.f("ix_tek_upload_count_date"), "tek_upload_count", ["date"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_tek_upload_count_date"), table_name="tek_upload_count")
    op.drop_table("tek_upload_count")
    op.drop_index(op.f("ix_qr_outbreak_events_created"), table_name="qr_outbreak_events")
    op.drop_table("qr_outbreak_events")
    op.drop_index(op.f("ix_otk_life_duration_date"), table_name="otk_life_duration")
    op.drop_table("otk_life_duration")
    op.drop_index(op.f("ix_failed_key_claim_attempts_last_failure"), table_name="failed_key_claim_attempts")
    op.drop_table("failed_key_claim_attempts")
    op.drop_index(op.f("ix_events_date"), table_name="events")
    op.drop_table("events")
    op.drop_index("ix_encryption_keys_exhausted", table_name="encryption_keys", postgresql_where="remaining_keys = 0")
    op.drop_index(op.f("ix_encryption_keys_created"), table_name="encryption_keys")
    op.drop_table("encryption_keys")
    op.drop_index(op.f("ix_diagnosis_keys_hour_of_submission"), table_name="diagnosis_keys")
    op.drop_table("diagnosis_keys")
