"""Shared parts of tests: servers, a settable clock, and clients of the protocol."""
