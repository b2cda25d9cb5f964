"""The application as jobs use it: made once in the worker, and inherited by the process that each job runs in."""

import functools

from flask import Flask

from app import create_app


@functools.cache
def application() -> Flask:
    """Return the process's application. It connects to nothing before a job needs it."""
    return create_app()
