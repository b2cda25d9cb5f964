"""Stored data: a module for each noun, with its queries. `tables` defines all tables.

Functions take a connection and never commit: the calling service owns the transaction.

A statement that deletes a limited number of rows selects them in a common table expression, which PostgreSQL executes
once. It may execute a subquery of `IN` repeatedly, and with it LIMIT, and would then delete any number of rows.
"""
