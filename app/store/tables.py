"""All tables. Names follow the public server's, so that operators can move their data and queries.

Columns that the public server lacks are nullable or have a default, so that its rows can be copied.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import BIGINT

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

LABEL = String(64)

# A one-time code and, once it has been claimed, its key pair.
encryption_keys = Table(
    "encryption_keys",
    metadata,
    Column("server_public_key", LargeBinary, primary_key=True),
    Column("server_private_key", LargeBinary, nullable=False),  # sealed: see app/crypto/sealing.py
    Column("app_public_key", LargeBinary, unique=True),
    Column("one_time_code", String(10), unique=True),
    Column("hash_id", String(128)),  # a keyed hash: see app/crypto/sealing.py
    Column("remaining_keys", SmallInteger, nullable=False),
    Column("created", DateTime(timezone=True), nullable=False, index=True),
    Column("region", String(32), nullable=False),
    Column("originator", LABEL),  # the token's label, never the token (D11)
    CheckConstraint("octet_length(server_public_key) = 32", name="server_public_key_length"),
    CheckConstraint("octet_length(app_public_key) = 32", name="app_public_key_length"),
    CheckConstraint("remaining_keys >= 0", name="remaining_keys_not_negative"),
    # A hashID belongs to the health authority that chose it; the tokens of others do not find it (D10). See also
    # app/store/codes.py: the same hashID has another hash under another sealing key.
    UniqueConstraint("originator", "hash_id"),
    Index("ix_encryption_keys_exhausted", "server_public_key", postgresql_where="remaining_keys = 0"),
)

# Diagnosis keys. Nothing links a row to the key pair or the person that it came from (rule 69), nor to other rows of
# the same upload once it is mixed: see app/upkeep/mixing.py.
diagnosis_keys = Table(
    "diagnosis_keys",
    metadata,
    Column("key_data", LargeBinary, primary_key=True),
    Column("rolling_start_interval_number", Integer, nullable=False),
    Column("rolling_period", SmallInteger, nullable=False),
    Column("transmission_risk_level", SmallInteger, nullable=False),
    Column("hour_of_submission", Integer, nullable=False, index=True),  # the hour of publication (D18)
    Column("report_type", SmallInteger),
    Column("days_since_onset_of_symptoms", SmallInteger),
    Column("region", String(32), nullable=False),
    Column("originator", LABEL),  # no longer written; to be dropped in a later release
    Column("mixed", Boolean, nullable=False, server_default="false"),
    CheckConstraint("octet_length(key_data) = 16", name="key_data_length"),
)

# How often the keys of a publication day were changed, by any statement, of this service or another program:
# triggers on diagnosis_keys append a row for each. A ledger like the counters below.
diagnosis_key_changes = Table(
    "diagnosis_key_changes",
    metadata,
    Column("id", BIGINT, primary_key=True),
    Column("day", Integer, nullable=False),
    Column("changes", BIGINT, nullable=False),
    Column("rolled_up", Boolean, nullable=False, server_default="false"),
)

# The hour of the last batch of a region that has padding: it is added once, whatever the number of workers.
padded_batches = Table(
    "padded_batches",
    metadata,
    Column("region", String(32), primary_key=True),
    Column("hour", Integer, nullable=False),
)

# Networks with failed claims. The identifier is a keyed hash, never an address (D1).
failed_key_claim_attempts = Table(
    "failed_key_claim_attempts",
    metadata,
    Column("identifier", String(32), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_failure", DateTime(timezone=True), nullable=False, index=True),
)

# Failed claims of a network in an hour; successful claims do not clear them.
failed_key_claim_hours = Table(
    "failed_key_claim_hours",
    metadata,
    Column("identifier", String(32), primary_key=True),
    Column("hour", Integer, primary_key=True, autoincrement=False, index=True),
    Column("failures", Integer, nullable=False),
)

# Failed claims of all networks in a minute. Each database connection has its own row, so that claims do not wait for
# each other's commit.
failed_key_claim_minutes = Table(
    "failed_key_claim_minutes",
    metadata,
    Column("minute", Integer, primary_key=True, autoincrement=False),
    Column("connection", Integer, primary_key=True, autoincrement=False),
    Column("failures", Integer, nullable=False),
)

# The three counters are ledgers: requests append rows, and the worker rolls rows up into sums, so that requests do not
# wait for each other's commit. A figure is always the sum of its rows. `rolled_up` marks the sums.
events = Table(
    "events",
    metadata,
    Column("id", BIGINT, primary_key=True),
    Column("source", LABEL, nullable=False),
    Column("identifier", String(32), nullable=False),
    Column("device_type", String(16), nullable=False),
    Column("date", Date, nullable=False, index=True),
    Column("count", Integer, nullable=False),
    Column("rolled_up", Boolean, nullable=False, server_default="false"),
)

otk_life_duration = Table(
    "otk_life_duration",
    metadata,
    Column("id", BIGINT, primary_key=True),
    Column("originator", LABEL, nullable=False),
    Column("hours", Integer, nullable=False),
    Column("date", Date, nullable=False, index=True),
    Column("count", Integer, nullable=False),
    Column("rolled_up", Boolean, nullable=False, server_default="false"),
)

tek_upload_count = Table(
    "tek_upload_count",
    metadata,
    Column("id", BIGINT, primary_key=True),
    Column("originator", LABEL, nullable=False),
    Column("date", Date, nullable=False, index=True),
    Column("count", Integer, nullable=False),
    Column("first_upload", Boolean, nullable=False),
    Column("uploads", Integer, nullable=False, server_default="1"),  # the number of uploads that the row represents
    Column("rolled_up", Boolean, nullable=False, server_default="false"),
)

# Tokens of health authorities that were made in the portal. Submission reads them: see app/store/api_tokens.py.
api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", BIGINT, Identity(), primary_key=True),
    Column("token_digest", LargeBinary, nullable=False, unique=True),  # SHA-256; tokens have 256 random bits
    Column("label", LABEL, nullable=False, index=True),
    Column("name", String(60), nullable=False),
    Column("first_characters", String(6), nullable=False),
    Column("is_portal", Boolean, nullable=False, server_default="false"),  # the portal's own token
    Column("created", DateTime(timezone=True), nullable=False),
    Column("last_used", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    CheckConstraint("octet_length(token_digest) = 32", name="token_digest_length"),
)

# Outbreak events, as reported by health authorities.
qr_outbreak_events = Table(
    "qr_outbreak_events",
    metadata,
    Column("id", BIGINT, primary_key=True),
    Column("location_id", String(8), nullable=False),
    Column("originator", LABEL),
    Column("start_time", DateTime(timezone=True), nullable=False),
    Column("end_time", DateTime(timezone=True), nullable=False),
    Column("severity", BIGINT, nullable=False, server_default="0"),
    Column("created", DateTime(timezone=True), nullable=False, index=True),
)

# The current archive of each period, and until when it may be served. For its bytes see app/retrieval/archive_files.
export_archives = Table(
    "export_archives",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("period", Integer, primary_key=True, autoincrement=False),
    Column("name", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("export_digest", String(64), nullable=False),
    Column("signer", String(32)),
    Column("stored_rows", Integer, nullable=False),  # only for earlier versions; to be dropped in a later release
    Column("source_version", BIGINT),
    Column("built_for_day", Integer, nullable=False),
    Column("checked_at", DateTime(timezone=True), nullable=False),
    Column("fresh_until", DateTime(timezone=True), nullable=False),
)

export_archive_parts = Table(
    "export_archive_parts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)

# What an import brought over (app/importing): each key pair, so that one that was deleted here since does not come
# back, and the sum of each figure, so that nothing is counted twice, or that archives are stale. `flask import-forget`
# empties both.
imported_key_pairs = Table(
    "imported_key_pairs",
    metadata,
    Column("server_public_key", LargeBinary, primary_key=True),
)

imported_counters = Table(
    "imported_counters",
    metadata,
    Column("ledger", String(32), primary_key=True),
    Column("figure", String(160), primary_key=True),
    Column("count", BIGINT, nullable=False),
)

# The figures of each day by place, written once, and what may be published of them: see app/domain/figures.py.
daily_figures = Table(
    "daily_figures",
    metadata,
    Column("day", Date, primary_key=True),
    Column("place", LABEL, primary_key=True),
    Column("figure", String(32), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("published", Integer),  # null is hidden
    CheckConstraint("published = count", name="published_is_true"),
)

# Figures by minute for alarms: what was counted in it, or a level at its time. Kept for an hour.
figure_readings = Table(
    "figure_readings",
    metadata,
    Column("figure", String(32), primary_key=True),
    Column("minute", DateTime(timezone=True), primary_key=True),
    Column("count", BIGINT, nullable=False),
)

# The days of which a digest was sent. A row is the right to send one.
daily_digests = Table(
    "daily_digests",
    metadata,
    Column("day", Date, primary_key=True),
    Column("sent_at", DateTime(timezone=True), nullable=False),
)

# How many events of a minute were good, and how many there were: see app/store/objective_minutes.py.
objective_minutes = Table(
    "objective_minutes",
    metadata,
    Column("minute", DateTime(timezone=True), primary_key=True),
    Column("objective", LABEL, primary_key=True),
    Column("good", BIGINT, nullable=False),
    Column("total", BIGINT, nullable=False),
)

# The batches of increments that are in objective_minutes, for as long as Redis may still hold one of them.
folded_batches = Table(
    "folded_batches",
    metadata,
    Column("identifier", String(32), primary_key=True),
    Column("folded_at", DateTime(timezone=True), nullable=False),
)
