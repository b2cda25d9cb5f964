"""Stands in for systemctl where systemd is not the first process: starts what the units name, as they name it.

`python fake_systemctl.py FOLDER ARGUMENT…`: the folder has `units/`, and `state/` with the processes that run. It knows
only what deploy/host uses.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(sys.argv[1])
STATE = FOLDER / "state"


def main(arguments: list[str]) -> int:
    verb, *rest = [word for word in arguments if not word.startswith("--")]
    with (FOLDER / "calls").open("a") as calls:
        calls.write(" ".join(arguments) + "\n")
    if verb in ("daemon-reload", "enable"):
        return 0
    if verb == "is-enabled":
        return 1
    if verb == "is-active":
        return 0 if _runs(rest[0]) else 3
    if verb in ("restart", "stop", "disable"):
        for unit in rest:
            stop(unit)
    if verb in ("restart", "start"):
        return max(start(unit) for unit in rest)
    if verb == "reload-or-restart":
        pid = (FOLDER / "nginx.pid").read_text().strip()
        os.kill(int(pid), signal.SIGHUP)
    return 0


def _runs(unit: str) -> bool:
    file = STATE / unit
    if not file.exists():
        return False
    try:
        return Path(f"/proc/{file.read_text()}/stat").read_text().split(") ")[1][0] != "Z"
    except OSError:
        return False


def start(unit: str) -> int:
    text, environment, folder = _unit(unit)
    command = re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)[-1].split()
    if "Type=oneshot" in text:
        return subprocess.run(command, env=environment, cwd=folder).returncode
    with (FOLDER / "log").open("ab") as log:
        running = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    (STATE / unit).write_text(str(running.pid))
    environment["MAINPID"] = str(running.pid)
    for line in re.findall(r"^ExecStartPost=(.+)$", text, re.MULTILINE):
        waiting = subprocess.Popen(line.split(), env=environment, cwd=folder)
        while waiting.poll() is None:
            running.poll()  # collects its status, if it has ended
            time.sleep(0.1)
        if waiting.returncode:
            return 1
    return 0


def stop(unit: str) -> None:
    file = STATE / unit
    if _runs(unit):
        pid = int(file.read_text())
        os.kill(pid, signal.SIGTERM)
        while _runs(unit):
            time.sleep(0.1)
    file.unlink(missing_ok=True)


def _unit(name: str) -> tuple[str, dict[str, str], str]:
    """Return the text of a unit, its environment and its folder."""
    instance = name.partition("@")[2].removesuffix(".service")
    template = re.sub(r"@.*", "@.service", name)
    text = (FOLDER / "units" / template).read_text().replace("%i", instance)
    environment = json.loads((FOLDER / "environment.json").read_text())
    for line in re.findall(r"^Environment=(.+)$", text, re.MULTILINE):
        environment |= dict(pair.split("=", 1) for pair in line.split())
    for file in re.findall(r"^EnvironmentFile=-?(.+)$", text, re.MULTILINE):
        if Path(file).exists():
            lines = Path(file).read_text().splitlines()
            environment |= dict(line.split("=", 1) for line in lines if "=" in line)
    environment |= json.loads((FOLDER / "overrides.json").read_text())
    (folder,) = re.findall(r"^WorkingDirectory=(.+)$", text, re.MULTILINE)
    return text, environment, folder


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:]))
