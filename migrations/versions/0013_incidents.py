"""Incidents

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
PARTS = postgresql.ARRAY(sa.String(length=32))


def upgrade() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("title_fr", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("impact", sa.String(length=5), nullable=False),
        sa.Column("urgency", sa.String(length=6), nullable=True),
        sa.Column("parts", PARTS, nullable=False),
        sa.Column("began", MOMENT, nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("acknowledged", MOMENT, nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("mitigated", MOMENT, nullable=True),
        sa.Column("resolved", MOMENT, nullable=True),
        sa.Column("reviewed", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
    )
    op.create_index("ix_incidents_began", "incidents", ["began"])
    op.create_index(
        "uq_incidents_ongoing",
        "incidents",
        ["urgency"],
        unique=True,
        postgresql_where=sa.text("urgency IS NOT NULL AND resolved IS NULL"),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.String(length=9), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.String(length=6), nullable=False),
        sa.Column("parts", PARTS, nullable=False),
        sa.Column("fired", MOMENT, nullable=False),
        sa.Column("resolved", MOMENT, nullable=True),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_alerts_incident_id"),
    )
    op.create_index("ix_alerts_fired", "alerts", ["fired"])
    op.create_index("ix_alerts_incident_id", "alerts", ["incident_id"])
    op.create_index(
        "uq_alerts_firing",
        "alerts",
        ["source", "name", "severity"],
        unique=True,
        postgresql_where=sa.text("resolved IS NULL"),
    )
    op.create_table(
        "incident_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("author", sa.Text(), server_default="", nullable=False),
        sa.Column("is_public", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incident_events"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_incident_events_incident_id"),
    )
    op.create_index("ix_incident_events_at", "incident_events", ["at"])
    op.create_index("ix_incident_events_incident_id", "incident_events", ["incident_id"])
    _create_reports()
    op.create_table(
        "incident_notices",
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("sent", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_sent", MOMENT, nullable=True),
        sa.Column("is_done", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("incident_id", "channel", name="pk_incident_notices"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_incident_notices_incident_id"),
    )
    op.create_table(
        "monitor_facts",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("value", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_monitor_facts"),
    )
    op.create_table(
        "heartbeats",
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("role", name="pk_heartbeats"),
    )


def _create_reports() -> None:
    op.create_table(
        "incident_reports",
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("editor", sa.Text(), nullable=False),
        sa.Column("edited", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("incident_id", name="pk_incident_reports"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_incident_reports_incident_id"),
    )
    op.create_table(
        "incident_readings",
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "revision", "reader", name="pk_incident_readings"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_incident_readings_incident_id"),
    )
    op.create_table(
        "incident_report_versions",
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("published", MOMENT, nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "version", name="pk_incident_report_versions"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_incident_report_versions_incident_id"),
    )


def downgrade() -> None:
    for table in (
        "heartbeats",
        "monitor_facts",
        "incident_notices",
        "incident_report_versions",
        "incident_readings",
        "incident_reports",
        "incident_events",
        "alerts",
        "incidents",
    ):
        op.drop_table(table)
