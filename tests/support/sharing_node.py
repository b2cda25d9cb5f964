"""The second implementation of the envelope of docs/sharing.md, in Node."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.support.programs import require_program

_SCRIPT = Path(__file__).with_name("sharing.mjs")


def in_node(action: str, **request: Any) -> dict[str, Any]:
    """Return what an action of the script returns; raise CalledProcessError if it fails."""
    done = subprocess.run(
        [require_program("node"), _SCRIPT],
        input=json.dumps({"do": action, **request}),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result
