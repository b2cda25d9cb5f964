"""`python installation.py FOLDER RELEASE`: serve a release of an installation of the tests in place of the present one.

FOLDER has `settings.json`, the environment of the web process, and `releases/`, with a folder of code for each release
and, for some, `NAME.json` with settings that differ. `previous` in place of a release is a roll-back.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen


def main(folder: Path, release: str) -> None:
    state = folder / "serves.json"
    serves = json.loads(state.read_text()) if state.exists() else {}
    if release == "previous":
        release = serves["previous"]
    stop(serves.get("pid"))
    code, own = folder / "releases" / release, folder / "releases" / f"{release}.json"
    values = json.loads((folder / "settings.json").read_text())
    values |= json.loads(own.read_text()) if own.exists() else {}
    with (folder / "log").open("ab") as log:
        running = subprocess.Popen(
            [str(code.resolve() / "bin" / "web")], cwd=code.resolve(), env=values, stdout=log, stderr=log,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    previous = serves.get("previous") if release == serves.get("release") else serves.get("release")
    state.write_text(json.dumps({"pid": running.pid, "release": release, "previous": previous or release}))
    wait_for(f"http://{values['BIND_ADDR']}/services/ping", running)


def stop(pid: int | None) -> None:
    """End a web process of this installation, and wait for it."""
    try:
        while pid:
            os.kill(pid, signal.SIGTERM)
            time.sleep(0.2)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return
    except (ProcessLookupError, FileNotFoundError):
        return


def wait_for(url: str, running: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and running.poll() is None:
        try:
            with urlopen(url, timeout=5):  # noqa: S310 - http
                return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"{url}: no answer")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
