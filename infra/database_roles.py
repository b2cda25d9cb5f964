"""Make the roles of the database, and store their addresses: `python -m infra.database_roles OUTPUTS`.

OUTPUTS is what `terraform output -json` prints. Roles and rights are those of docs/operations.md ("Database roles").
Statements go over the Data API of RDS as the owner, so no host inside the VPC is needed. Each run gives every role a
new password, which is stored as DATABASE_URL and shown nowhere; a release must follow, so that processes read it.
"""

import json
import re
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import boto3

ROOT: Final = Path(__file__).parents[1]
_DATABASE: Final = "service"


def documented_statements() -> list[str]:
    """Return the statements of docs/operations.md, without their last character."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    block = text.partition("## Database roles")[2].partition("```sql\n")[2].partition("```")[0]
    return [line.rstrip(";") for line in block.splitlines() if line]


def role_statements(role: str, password: str) -> list[str]:
    """Return statements that make a role unless it exists, and set its password."""
    make = f"DO $$ BEGIN CREATE ROLE {role} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
    return [make, f"ALTER ROLE {role} PASSWORD '{password}'"]


def grants() -> Iterator[str]:
    """Yield what gives the roles their rights: all that is documented but the roles themselves."""
    yield from (each for each in documented_statements() if not each.startswith("CREATE ROLE "))


def documented_roles() -> list[str]:
    """Return the names of the roles, without the owner."""
    return [found[1] for each in documented_statements() if (found := re.match(r"CREATE ROLE (\w+) ", each))]


def address(role: str, password: str, host: str) -> str:
    """Return DATABASE_URL. PGSSLMODE of the process requires TLS, and verifies the server."""
    return f"postgresql://{role}:{password}@{host}:5432/{_DATABASE}"


def main(outputs: dict[str, Any]) -> None:
    """Make the roles and store their addresses. The tables must exist: run the task `release` first."""
    data = outputs["data"]["value"]
    make_roles(boto3.client("rds-data"), boto3.client("secretsmanager"), data)


def make_roles(rds: Any, store: Any, data: dict[str, Any]) -> None:
    """Give each role a password and store its address at once, so that an error leaves no other role without one."""

    def execute(statement: str) -> None:
        rds.execute_statement(
            resourceArn=data["database_arn"], secretArn=data["owner_secret_arn"], database=_DATABASE, sql=statement
        )

    for role in documented_roles():
        password = secrets.token_urlsafe(32)
        for statement in role_statements(role, password):
            execute(statement)
        value = address(role, password, data["database_host"])
        store.put_secret_value(SecretId=data["database_roles"][role], SecretString=value)
        print(f"stored DATABASE_URL of {role}")
    for statement in grants():
        execute(statement)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
