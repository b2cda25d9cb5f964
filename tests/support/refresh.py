"""Refreshing archives as the worker does."""

from datetime import timedelta

from app.retrieval.builder import refresh_all
from tests.support.service import Service

MARGIN = timedelta(seconds=40)  # of the worker, if archives may be a minute old


def refresh(service: Service) -> int:
    """Refresh the archives of a service by its own clock; return how many were built."""
    return refresh_all(service.app.context.retrieval.builder, service.clock.now, MARGIN)
