"""The measurement of the portal's pages runs, and reports each page."""

from pathlib import Path

import pytest

from app.portal.views.blueprint import PAGES
from bench import portal
from tests.support.settings import SECRETS
from tests.support.torture import only_in_torture
from tests.support.web import web_process


@only_in_torture
def test_each_page_is_measured(
    database_url: str, redis_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "REVIEW_TOOLS": "true"}
    with web_process(SECRETS | settings | {"SURFACES": "submission,retrieval,portal"}, tmp_path / "web.log") as web:
        assert portal.main([f"http://127.0.0.1:{web.port}", "--requests", "2"]) == 0
    measured = {line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]}
    assert measured == {page.rule for page in PAGES.values() if "GET" in page.methods and "<" not in page.rule}
