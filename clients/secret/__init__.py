"""Passing on a secret from a terminal: `python -m clients.secret`. See docs/sharing.md."""
