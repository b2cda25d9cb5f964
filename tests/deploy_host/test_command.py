"""The operator's command, `exposure-alert`."""

import subprocess
import sys
from pathlib import Path

from deploy.host.host import Host
from deploy.host.plan import RELEASES
from deploy.host.system import install_command
from tests.deploy_host.hosts import ROOT, environment


def test_files_are_named_relative_to_the_folder_of_the_operator(tmp_path: Path) -> None:
    host, folder = Host(tmp_path / "host"), tmp_path / "a folder"
    folder.mkdir()
    install_command(host)
    text = host.path("/usr/local/sbin/exposure-alert").read_text()
    script = text.replace(f"{RELEASES}/current", str(ROOT)).replace("/usr/bin/python3 -m deploy.host", "env")
    done = subprocess.run(["sh", "-c", script], cwd=folder, env=environment({}), capture_output=True, text=True)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("EXPOSURE_ALERT_")]
    command = [sys.executable, "-m", "deploy.host", "--settings", "one.conf", "--root", "a", "status"]
    values = environment(dict([line.split("=", 1)]))
    done = subprocess.run(command, cwd=ROOT, env=values, capture_output=True, text=True)
    assert f"{folder}/one.conf: No such file" in done.stderr
