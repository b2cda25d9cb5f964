"""Promotion of a release: staging, checks, a canary in production, and then all of it."""
