"""Small counts are not shown, because they may identify people."""

from typing import Final

THRESHOLD: Final = 20
