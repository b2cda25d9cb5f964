"""Stored data: a module for each noun, with its queries. `tables` defines all tables.

Functions take a connection and never commit: the calling service owns the transaction.
"""
