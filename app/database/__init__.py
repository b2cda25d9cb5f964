"""PostgreSQL and Redis: connections, transactions, prepared statements, and limits on how long anything may wait."""
