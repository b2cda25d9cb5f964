"""Write each migration as SQL, a file each: `python -m migrations.sql FOLDER_OF_MIGRATIONS FOLDER_OF_SQL`.

Apart, because what locks nothing in the migration that makes a table, such as an index on it, stops the service in a
later one. No database is needed, and no secret.
"""

import sys
from contextlib import redirect_stdout
from pathlib import Path

from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import Config, Migrate, upgrade

from app.database.engine import db


def main(migrations: Path, sql: Path) -> None:
    """Write every migration of one folder into the other."""
    app = Flask("migrations", root_path=str(migrations))
    app.config["SQLALCHEMY_DATABASE_URI"] = "postgresql+psycopg2://"
    db.init_app(app)
    Migrate(app, db, directory=str(migrations))
    configuration = Config(str(migrations / "alembic.ini"))
    configuration.set_main_option("script_location", str(migrations))
    with app.app_context():
        for script in ScriptDirectory.from_config(configuration).walk_revisions():
            before = script.down_revision or "base"
            with (sql / f"{script.revision}.sql").open("w", encoding="utf-8") as file, redirect_stdout(file):
                upgrade(revision=f"{before}:{script.revision}", sql=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
