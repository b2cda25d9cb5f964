"""CPU time by layer (bench/layers.py): each depth runs."""

import subprocess
import sys
from pathlib import Path

from tests.support.torture import only_in_torture

ROOT = Path(__file__).resolve().parents[2]


@only_in_torture
def test_every_layer_of_every_submission_is_measured() -> None:
    command = [sys.executable, "-m", "bench.layers", "--count", "2", "--rounds", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines() if ": milliseconds" in line] == [
        "code",
        "claim",
        "upload of 14 keys",
    ]
    assert done.stdout.count("statements through psycopg2 alone") == 3
