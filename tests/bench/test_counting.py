"""What counting costs (bench/counting.py): both kinds of requests are measured."""

import subprocess
import sys
from pathlib import Path

from tests.support.torture import only_in_torture

ROOT = Path(__file__).resolve().parents[2]


@only_in_torture
def test_each_kind_of_request_is_compared() -> None:
    command = [sys.executable, "-m", "bench.counting", "--count", "5", "--rounds", "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.rsplit(maxsplit=4) for line in done.stdout.splitlines()[1:]]
    assert [kind for kind, *_ in rows] == ["download from memory", "ping"]
    assert all(float(off) > 0 and float(on) > 0 for _, off, on, _, _ in rows)
