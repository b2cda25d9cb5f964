"""The largest content that the phones of the review pages unpack (app/static/review/zip.js), in Node."""

import io
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.support.programs import newest_node

_SCRIPT = Path(__file__).parents[3] / "app" / "static" / "review" / "zip.js"
_MAX_BYTES = 64 * 1024 * 1024
_UNZIP = """
    const { unzip } = await import(process.argv[1]);
    const chunks = [];
    for await (const chunk of process.stdin) chunks.push(chunk);
    try {
      const files = await unzip(new Uint8Array(Buffer.concat(chunks)));
      console.log(files.get("export.bin").length);
    } catch (error) {
      console.log(error.message);
    }
"""


@pytest.mark.parametrize(
    ("size", "result"), [(_MAX_BYTES, str(_MAX_BYTES)), (_MAX_BYTES + 1, "content too large")], ids=["limit", "above"]
)
def test_an_archive_is_unpacked_up_to_the_limit(tmp_path: Path, size: int, result: str) -> None:
    module = tmp_path / "zip.mjs"  # the extension by which Node knows a module
    module.write_text(_SCRIPT.read_text())
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("export.bin", bytes(size))
    done = subprocess.run(
        [newest_node(), "--input-type=module", "-e", _UNZIP, module],
        input=archive.getvalue(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.decode().strip() == result
