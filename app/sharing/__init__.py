"""Passing on a secret, once. The server stores it encrypted, and cannot open it: see docs/sharing.md."""
