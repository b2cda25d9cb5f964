"""A batch of rows as one array per column, which PostgreSQL unnests in one statement."""

from collections.abc import Mapping, Sequence
from typing import Any


def unnested(columns: Mapping[str, str]) -> str:
    """Return the SQL of a batch as the table `brought`: `columns` gives the PostgreSQL type of each column."""
    arrays = ", ".join(f":{column} ::{kind}[]" for column, kind in columns.items())
    return f"unnest({arrays}) AS brought ({', '.join(columns)})"


def arrays(columns: Mapping[str, str], batch: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return the parameters of `unnested` for a batch."""
    return {column: [row[column] for row in batch] for column in columns}
