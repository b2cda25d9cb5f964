"""Screenshots of the pages in each language, width and colour scheme, before and after use.

`bin/screenshots FOLDER` keeps them; without a folder they are only made. The README shows one of them.
"""

import os
from itertools import product
from pathlib import Path

import pytest

from tests.browser.conftest import NewPage, OpenFront
from tests.browser.test_front_page_looks import use_all
from tests.browser.test_phone_looks import play_all
from tests.support.torture import times

MAX_README_BYTES = 120_000
README_SIZE = {"width": 1280, "height": 900}
LOOKS = [*product(("en", "fr"), (390, 1280), ("light", "dark"))]
# All of them on request only; otherwise one shows that the script works.
SHOWN = LOOKS if "SCREENSHOTS" in os.environ else times(LOOKS[:1], LOOKS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the screenshots."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_the_image_of_the_readme_is_small(open_front: OpenFront, folder: Path) -> None:
    path = folder / "front-page.png"
    open_front("en", color_scheme="light").screenshot(path=path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size <= MAX_README_BYTES


@pytest.mark.parametrize(("language", "width", "scheme"), SHOWN)
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
