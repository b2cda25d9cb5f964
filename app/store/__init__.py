"""What is kept: a module per noun, each with its queries. Tables stand together in `tables`.

Functions take a connection and never commit: the service that calls them owns the transaction.
"""
