"""PostgreSQL: the engine, transactions, prepared statements, and limits on how long anything may wait."""
