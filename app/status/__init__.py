"""The public status page: one document, published every minute, and the pages that show it.

The pages need neither PostgreSQL nor Redis: a process goes on showing the newest document that it has read.
"""
