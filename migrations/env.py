"""How Alembic reaches the database: through the application's engine, one migration at a time.

Several processes may be released at once, so an advisory lock lets them take turns; the later ones find nothing to do.
"""

from alembic import context
from flask import current_app
from sqlalchemy import text

MIGRATION_LOCK = 0x6D696772617465  # "migrate"
LOCK_TIMEOUT = "5s"  # a migration that cannot get a table's lock gives up rather than stop the service

database = current_app.extensions["migrate"].db


def run_migrations_offline() -> None:
    """Write the migrations as SQL."""
    context.configure(
        url=current_app.config["SQLALCHEMY_DATABASE_URI"],
        target_metadata=database.metadata,
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
    )
    # For the whole session, as below: a migration may end the transaction (see `autocommit_block`).
    context.execute("SET statement_timeout = 0")
    context.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online() -> None:
    """Run the migrations, in one transaction."""
    engine = database.engine.execution_options(isolation_level="READ COMMITTED")
    with engine.connect() as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SET lock_timeout = 0"))  # waiting for our turn is no fault
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK})
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.commit()
        context.configure(connection=connection, target_metadata=database.metadata, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": MIGRATION_LOCK})
        connection.execute(text("RESET statement_timeout"))
        connection.execute(text("RESET lock_timeout"))
        connection.commit()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
