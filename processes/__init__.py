"""Programs as child processes: a supervisor, embedded PostgreSQL and Redis, ports, and ending what was started.

A library for local/, review_apps/, bench/ and tests/. The service itself does not use it.
"""
