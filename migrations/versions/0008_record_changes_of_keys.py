"""Record changes of keys

A new table, a new nullable column, and triggers that do not need rights of their callers, so that the version that runs
while this is applied can go on under its database roles.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# `ALWAYS`: also for rows that logical replication or a restore adds.
_FUNCTION = """
CREATE FUNCTION record_key_changes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO diagnosis_key_changes (day, changes)
        SELECT DISTINCT hour_of_submission / 24, 1 FROM diagnosis_keys;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO diagnosis_key_changes (day, changes)
        SELECT hour_of_submission / 24, 1 FROM changed UNION SELECT hour_of_submission / 24, 1 FROM previous;
    ELSE
        INSERT INTO diagnosis_key_changes (day, changes) SELECT DISTINCT hour_of_submission / 24, 1 FROM changed;
    END IF;
    RETURN NULL;
END
$$
"""
_TRIGGERS = {
    "record_inserted_keys": "AFTER INSERT ON diagnosis_keys REFERENCING NEW TABLE AS changed",
    "record_updated_keys": "AFTER UPDATE ON diagnosis_keys REFERENCING OLD TABLE AS previous NEW TABLE AS changed",
    "record_deleted_keys": "AFTER DELETE ON diagnosis_keys REFERENCING OLD TABLE AS changed",
    "record_truncated_keys": "BEFORE TRUNCATE ON diagnosis_keys",
}


def upgrade() -> None:
    op.create_table(
        "diagnosis_key_changes",
        sa.Column("id", sa.BIGINT(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("changes", sa.BIGINT(), nullable=False),
        sa.Column("rolled_up", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_diagnosis_key_changes")),
    )
    op.add_column("export_archives", sa.Column("source_version", sa.BIGINT(), nullable=True))
    op.execute(_FUNCTION)
    for name, event in _TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {event} FOR EACH STATEMENT EXECUTE FUNCTION record_key_changes()")
        op.execute(f"ALTER TABLE diagnosis_keys ENABLE ALWAYS TRIGGER {name}")


def downgrade() -> None:
    for name in _TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON diagnosis_keys")
    op.execute("DROP FUNCTION record_key_changes()")
    op.drop_column("export_archives", "source_version")
    op.drop_table("diagnosis_key_changes")
