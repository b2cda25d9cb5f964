"""The game day: the service is broken on purpose, and must notice, publish, notify and recover by itself.

`python -m tests.gameday` breaks it; with `--calm MINUTES`, it must find nothing. Both write docs/game-day.md.
"""
