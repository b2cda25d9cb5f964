"""The application that several guards examine."""

import pytest
from flask import Flask

from app import create_app
from app.database.migrations import init_migrate
from tests.support.settings import TEST_TOOLS_TOKEN, make_settings


@pytest.fixture(scope="module")
def app() -> Flask:
    """The application with every route that settings can add. It connects to nothing."""
    settings = make_settings(
        "postgresql://nobody@127.0.0.1/none",
        "redis://127.0.0.1:1/0",
        ENABLE_TEST_TOOLS="true",
        TEST_TOOLS_TOKEN=TEST_TOOLS_TOKEN,
        REVIEW_TOOLS="true",
        SURFACES="submission,retrieval,status",
        METRICS_TOKEN="m" * 32,
    )
    app = create_app(settings)
    init_migrate(app)
    return app
