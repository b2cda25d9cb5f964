"""The address of a web process, and its connection limit (app/web/listening.py)."""

import subprocess
import sys

import pytest

from app.web.listening import every_interface, listening_address
from processes.ports import can_bind

SCRIPT = """
import resource
from app.web.listening import open_files_for
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(open_files_for(900), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def test_all_interfaces_include_ipv6_if_available() -> None:
    assert every_interface() == ("::" if can_bind("::1", 0) else "0.0.0.0")  # noqa: S104


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "[::1]", "127.0.0.1:65536"])
def test_an_address_without_a_port_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="BIND_ADDR: there is no port"):
        listening_address({"BIND_ADDR": address})


@pytest.mark.parametrize(
    ("soft", "hard", "connections", "files"),
    [(256, 4096, 900, 1028), (2000, 4096, 900, 2000), (256, 512, 384, 512), (60, 60, 30, 60)],
)
def test_connection_limit_respects_the_file_descriptor_limit(
    soft: int, hard: int, connections: int, files: int
) -> None:
    script = SCRIPT.format(soft=soft, hard=hard)
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.split() == [str(connections), str(files)]
