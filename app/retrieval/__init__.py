"""Retrieval: archives and exposure configuration for phones, counts of events for operators."""
