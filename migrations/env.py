"""How Alembic reaches the database: see `migration_connection`."""

from alembic import context
from flask import current_app

from app.database.migrations import LOCK_TIMEOUT, is_newer, migration_connection

database = current_app.extensions["migrate"].db


def run_migrations_offline() -> None:
    """Write the migrations as SQL."""
    context.configure(
        url=current_app.config["SQLALCHEMY_DATABASE_URI"],
        target_metadata=database.metadata,
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
    )
    # For the whole session: a migration may end the transaction (see `autocommit_block`).
    context.execute("SET statement_timeout = 0")
    context.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online() -> None:
    """Run the migrations, in one transaction; none on the schema of a later version, with which this one works."""
    with migration_connection(current_app.context.settings) as connection:
        context.configure(connection=connection, target_metadata=database.metadata, compare_type=True)
        with context.begin_transaction():
            if not is_newer(context.get_context().get_current_heads(), context.script):
                context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
