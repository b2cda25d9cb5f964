"""Screenshots of the pages in each language, width and colour scheme, before and after use.

`bin/screenshots` keeps them, and updates the one in docs/images.
"""

import os
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import NewPage, OpenFront
from tests.browser.test_front_page_looks import use_all
from tests.browser.test_phone_looks import play_all
from tests.support.settings import SECRETS
from tests.support.torture import TORTURE
from tests.support.web import web_process

MAX_README_BYTES = 120_000
README_SIZE = {"width": 1280, "height": 860}
GUIDE_SIZE = {"width": 1024, "height": 700}
COMMIT = "5f3c9a1e7b204d8c96a1f0e2b3d4c5a697887766"
LOOKS = [*product(("en", "fr"), (390, 1280), ("light", "dark"))]
# All of them on request only.

pytestmark = pytest.mark.skipif(
    not (TORTURE or "SCREENSHOTS" in os.environ), reason="takes long: make torture runs it, and bin/screenshots"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the screenshots."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_the_image_of_the_readme_is_small(
    new_page: NewPage, database_url: str, redis_url: str, tmp_path: Path, folder: Path
) -> None:
    build = {"HEROKU_PR_NUMBER": "42", "HEROKU_BRANCH": "faster-archives", "HEROKU_BUILD_COMMIT": COMMIT}
    urls = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "REVIEW_TOOLS": "true"}
    path = folder / "front-page.png"
    with web_process(SECRETS | urls | build, tmp_path / "web.log") as web:
        page = new_page("/review/en", base_url=f"http://127.0.0.1:{web.port}", color_scheme="light")
        page.set_viewport_size(README_SIZE)
        page.screenshot(path=path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size <= MAX_README_BYTES


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_images_of_the_portals_guide_are_small(
    enter_portal: Callable[..., Page], folder: Path, language: str
) -> None:
    page = enter_portal("administrator", language, color_scheme="light")
    page.set_viewport_size(GUIDE_SIZE)
    page.locator("#issue button").click()
    page.locator("#code").wait_for()
    page.screenshot(path=folder / f"portal-code-{language}.png")
    page.goto(f"/{language}/people/invite")
    page.screenshot(path=folder / f"portal-invite-{language}.png")
    for name in ("code", "invite"):
        path = folder / f"portal-{name}-{language}.png"
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_size <= MAX_README_BYTES


@pytest.mark.parametrize(("language", "width", "scheme"), LOOKS)
def test_each_look_of_the_pages_can_be_seen(
    open_front: OpenFront, open_phone: NewPage, folder: Path, language: str, width: int, scheme: str
) -> None:
    name = f"{language}-{width}-{scheme}.png"
    for kind, page, use in (
        ("front", open_front(language, width=width, color_scheme=scheme), use_all),
        ("phone", open_phone(language, width=width, color_scheme=scheme), play_all),
    ):
        page.screenshot(path=folder / f"{kind}-before-{name}", full_page=True)
        use(page)
        page.screenshot(path=folder / f"{kind}-view-{name}")
        page.screenshot(path=folder / f"{kind}-after-{name}", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") == width, "no horizontal scrolling"
