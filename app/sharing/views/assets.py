"""The integrity of static files, and the modules that a script imports."""

import base64
import functools
import hashlib
import posixpath
import re
from typing import Final

from app.web.pages import STATIC_FOLDER

_IMPORT: Final = re.compile(r'^(?:import|export)\b[^"]*?"(\.[^"]+)";', re.MULTILINE)


@functools.cache
def integrity(name: str) -> str:
    """Return the value of the integrity attribute for a static file, such as `sharing/open.js`."""
    digest = hashlib.sha384((STATIC_FOLDER / name).read_bytes()).digest()
    return f"sha384-{base64.b64encode(digest).decode()}"


@functools.cache
def imported_modules(script: str) -> tuple[str, ...]:
    """Return the modules that a script imports, directly or through others, without the script itself.

    An import statement has no integrity attribute. A page preloads the modules with theirs, and the browser refuses
    one that differs.
    """
    found: dict[str, None] = {}
    waiting = [script]
    while waiting:
        module = waiting.pop()
        for path in _IMPORT.findall((STATIC_FOLDER / module).read_text(encoding="utf-8")):
            imported = posixpath.normpath(posixpath.join(posixpath.dirname(module), path))
            if imported not in found:
                found[imported] = None
                waiting.append(imported)
    return tuple(sorted(found))
