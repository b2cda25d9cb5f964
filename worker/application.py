"""The application of the worker: created once, and inherited by the process that runs jobs."""

import functools

from app import create_app
from app.web.context import Context


@functools.cache
def context() -> Context:
    """Return the application's context. It connects to nothing before a job needs it."""
    return create_app().context
