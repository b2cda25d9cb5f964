"""Submission: one-time codes for patients, key pairs for phones, and uploads."""
