from flask import Flask


def init_cli(app: Flask) -> None:
    """Add the operator's commands."""
