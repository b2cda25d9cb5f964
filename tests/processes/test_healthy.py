"""The health of a container (bin/healthy), whose web process is the first process."""

import os
import subprocess
import sys

import pytest

from processes.ports import reserve_port
from tests.guards.source import ROOT
from tests.support.serving import PING_HANDLER

APART = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
CAN_BE_APART = os.geteuid() == 0 and subprocess.run([*APART, "true"], capture_output=True, check=False).returncode == 0
FIRST = f"""{PING_HANDLER}
import subprocess, sys, threading
server = http.server.ThreadingHTTPServer((sys.argv[2], int(sys.argv[3])), Ping)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.exit(subprocess.run([sys.executable, "bin/healthy"], stderr=subprocess.DEVNULL).returncode)
"""


@pytest.mark.skipif(not CAN_BE_APART, reason="this user cannot be the first process of a namespace")
@pytest.mark.parametrize(
    ("bind", "listens", "healthy"),
    [
        ("127.0.0.2:{port}", "127.0.0.2", True),
        (" 127.0.0.1:{port} ", "127.0.0.1", True),
        ("0.0.0.0:{port}", "0.0.0.0", True),  # noqa: S104
        (":{port}", "0.0.0.0", True),  # noqa: S104
        ("127.0.0.2:{port}", "127.0.0.3", False),
    ],
)
def test_the_web_process_is_asked_where_it_listens(bind: str, listens: str, healthy: bool) -> None:
    port = reserve_port()
    command = [*APART, sys.executable, "-c", FIRST, "app.web.server", listens, str(port)]
    environment = os.environ | {"BIND_ADDR": bind.format(port=port)}
    assert (subprocess.run(command, cwd=ROOT, env=environment, check=False, timeout=60).returncode == 0) == healthy
