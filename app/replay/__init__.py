"""Replay a real day: send published keys through a running server's public API as if patients did, and check.

`day` prepares the keys, `patient` speaks the protocol over HTTP, and `run` puts the two together.
"""
