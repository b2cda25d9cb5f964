"""Create the portal's tables

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# The audit log can be appended to only. A superuser can still remove the triggers: see `flask portal audit-check`.
_APPEND_ONLY = """
    CREATE FUNCTION refuse_change_of_audit_log() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit log can only be appended to';
    END
    $$;
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON portal_audit_entries
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_log();
"""


def upgrade() -> None:
    _create_api_tokens()
    _create_accounts()
    _create_announcements()
    _create_audit_entries()
    _create_jurisdiction_switches()
    _create_mails()
    _create_places()
    _create_sign_in_failures()
    _create_alerts()
    _create_backup_codes()
    _create_invitations()
    _create_issued_codes()
    _create_passkeys()
    _create_password_links()
    _create_sessions()
    _create_used_challenges()
    op.execute(_APPEND_ONLY)


def _create_api_tokens() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.BIGINT(), sa.Identity(always=False), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("first_characters", sa.String(length=6), nullable=False),
        sa.Column("is_portal", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("octet_length(token_digest) = 32", name=op.f("ck_api_tokens_token_digest_length")),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.UniqueConstraint("token_digest", name="uq_api_tokens_token_digest"),
    )
    op.create_index("ix_api_tokens_label", "api_tokens", ["label"], unique=False)


def _create_accounts() -> None:
    op.create_table(
        "portal_accounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("jurisdiction", sa.String(length=8), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("granted", postgresql.ARRAY(sa.String(length=16)), server_default="{}", nullable=False),
        sa.Column("user_handle", sa.LargeBinary(), nullable=False),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=True),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=True),
        sa.Column("backup_codes_saved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_sign_in", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_portal_accounts_email_lower_case")),
        sa.PrimaryKeyConstraint("id", name="pk_portal_accounts"),
        sa.UniqueConstraint("email", name="uq_portal_accounts_email"),
        sa.UniqueConstraint("user_handle", name="uq_portal_accounts_user_handle"),
    )
    op.create_index("ix_portal_accounts_jurisdiction", "portal_accounts", ["jurisdiction"], unique=False)


def _create_announcements() -> None:
    op.create_table(
        "portal_announcements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("text_fr", sa.Text(), nullable=False),
        sa.Column("jurisdiction", sa.String(length=8), nullable=True),
        sa.Column("starts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_portal_announcements"),
    )


def _create_audit_entries() -> None:
    op.create_table(
        "portal_audit_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=254), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("target", sa.String(length=254), nullable=False),
        sa.Column("jurisdiction", sa.String(length=8), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_portal_audit_entries"),
    )
    op.create_index("ix_portal_audit_entries_action", "portal_audit_entries", ["action"], unique=False)
    op.create_index("ix_portal_audit_entries_at", "portal_audit_entries", ["at"], unique=False)
    op.create_index("ix_portal_audit_entries_jurisdiction", "portal_audit_entries", ["jurisdiction"], unique=False)


def _create_jurisdiction_switches() -> None:
    op.create_table(
        "portal_jurisdiction_switches",
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("text_messages", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("outbreaks", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_portal_jurisdiction_switches"),
    )


def _create_mails() -> None:
    op.create_table(
        "portal_mails",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("is_decoy", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_attempt", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_portal_mails"),
    )
    op.create_index("ix_portal_mails_created", "portal_mails", ["created"], unique=False)
    op.create_index("ix_portal_mails_next_attempt", "portal_mails", ["next_attempt"], unique=False)


def _create_places() -> None:
    op.create_table(
        "portal_places",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("location_id", sa.String(length=8), nullable=False),
        sa.Column("jurisdiction", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=65), nullable=False),
        sa.Column("address", sa.String(length=150), nullable=False),
        sa.Column("city", sa.String(length=100), nullable=False),
        sa.Column("category", sa.String(length=16), nullable=False),
        sa.Column("contact_name", sa.String(length=100), nullable=False),
        sa.Column("contact_email", sa.String(length=254), nullable=False),
        sa.Column("contact_phone", sa.String(length=30), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_portal_places"),
        sa.UniqueConstraint(
            "jurisdiction", "name", "address", "city", name="uq_portal_places_jurisdiction_name_address_city"
        ),
        sa.UniqueConstraint("location_id", name="uq_portal_places_location_id"),
    )


def _create_sign_in_failures() -> None:
    op.create_table(
        "portal_sign_in_failures",
        sa.Column("identifier", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("month_failures", sa.Integer(), nullable=False),
        sa.Column("month_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_failure", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("identifier", name="pk_portal_sign_in_failures"),
    )
    op.create_index(
        "ix_portal_sign_in_failures_last_failure", "portal_sign_in_failures", ["last_failure"], unique=False
    )


def _create_alerts() -> None:
    op.create_table(
        "portal_alerts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("place_id", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("starts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["portal_accounts.id"], name="fk_portal_alerts_account_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["place_id"], ["portal_places.id"], name="fk_portal_alerts_place_id"),
        sa.PrimaryKeyConstraint("id", name="pk_portal_alerts"),
        sa.UniqueConstraint("request_id", name="uq_portal_alerts_request_id"),
    )
    op.create_index("ix_portal_alerts_created", "portal_alerts", ["created"], unique=False)
    op.create_index("ix_portal_alerts_place_id", "portal_alerts", ["place_id"], unique=False)


def _create_backup_codes() -> None:
    op.create_table(
        "portal_backup_codes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["portal_accounts.id"], name="fk_portal_backup_codes_account_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_portal_backup_codes"),
        sa.UniqueConstraint("code_digest", name="uq_portal_backup_codes_code_digest"),
    )
    op.create_index("ix_portal_backup_codes_account_id", "portal_backup_codes", ["account_id"], unique=False)


def _create_invitations() -> None:
    op.create_table(
        "portal_invitations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("jurisdiction", sa.String(length=8), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("granted", postgresql.ARRAY(sa.String(length=16)), server_default="{}", nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("invited_by", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["invited_by"], ["portal_accounts.id"], name="fk_portal_invitations_invited_by", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_portal_invitations"),
        sa.UniqueConstraint("email", name="uq_portal_invitations_email"),
        sa.UniqueConstraint("token_digest", name="uq_portal_invitations_token_digest"),
    )
    op.create_index("ix_portal_invitations_expires", "portal_invitations", ["expires"], unique=False)
    op.create_index("ix_portal_invitations_jurisdiction", "portal_invitations", ["jurisdiction"], unique=False)


def _create_issued_codes() -> None:
    op.create_table(
        "portal_issued_codes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reference", sa.String(length=8), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("line_digest", sa.LargeBinary(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("jurisdiction", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["portal_accounts.id"], name="fk_portal_issued_codes_account_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_portal_issued_codes"),
        sa.UniqueConstraint("jurisdiction", "line_digest", name="uq_portal_issued_codes_jurisdiction_line_digest"),
        sa.UniqueConstraint("reference", name="uq_portal_issued_codes_reference"),
        sa.UniqueConstraint("request_id", name="uq_portal_issued_codes_request_id"),
    )
    op.create_index(
        "ix_portal_issued_codes_account_id_created", "portal_issued_codes", ["account_id", "created"], unique=False
    )
    op.create_index("ix_portal_issued_codes_created", "portal_issued_codes", ["created"], unique=False)


def _create_passkeys() -> None:
    op.create_table(
        "portal_passkeys",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["portal_accounts.id"], name="fk_portal_passkeys_account_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_portal_passkeys"),
        sa.UniqueConstraint("credential_id", name="uq_portal_passkeys_credential_id"),
    )
    op.create_index("ix_portal_passkeys_account_id", "portal_passkeys", ["account_id"], unique=False)


def _create_password_links() -> None:
    op.create_table(
        "portal_password_links",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["portal_accounts.id"], name="fk_portal_password_links_account_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_portal_password_links"),
        sa.UniqueConstraint("token_digest", name="uq_portal_password_links_token_digest"),
    )
    op.create_index("ix_portal_password_links_expires", "portal_password_links", ["expires"], unique=False)


def _create_sessions() -> None:
    op.create_table(
        "portal_sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("browser", sa.String(length=60), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second_factor_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("may_set_up", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["portal_accounts.id"], name="fk_portal_sessions_account_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_portal_sessions"),
        sa.UniqueConstraint("token_digest", name="uq_portal_sessions_token_digest"),
    )
    op.create_index("ix_portal_sessions_account_id", "portal_sessions", ["account_id"], unique=False)
    op.create_index("ix_portal_sessions_last_seen", "portal_sessions", ["last_seen"], unique=False)


def _create_used_challenges() -> None:
    op.create_table(
        "portal_used_challenges",
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("challenge", name="pk_portal_used_challenges"),
    )
    op.create_index("ix_portal_used_challenges_expires", "portal_used_challenges", ["expires"], unique=False)


def downgrade() -> None:
    op.drop_table("portal_used_challenges")
    op.drop_table("portal_sessions")
    op.drop_table("portal_password_links")
    op.drop_table("portal_passkeys")
    op.drop_table("portal_issued_codes")
    op.drop_table("portal_invitations")
    op.drop_table("portal_backup_codes")
    op.drop_table("portal_alerts")
    op.drop_table("portal_sign_in_failures")
    op.drop_table("portal_places")
    op.drop_table("portal_mails")
    op.drop_table("portal_jurisdiction_switches")
    op.drop_table("portal_audit_entries")
    op.drop_table("portal_announcements")
    op.drop_table("portal_accounts")
    op.drop_table("api_tokens")
    op.execute("DROP FUNCTION refuse_change_of_audit_log()")
