"""Measuring: what the processes count, how the numbers reach Redis and `/metrics`, and optional traces."""
