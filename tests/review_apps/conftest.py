"""A host whose review apps are of a small project, that starts in a moment."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from processes.ports import free_port
from tests.review_apps.host import Host
from tests.review_apps.stub import FILES, Repository
from tests.support.cluster import put_cluster

PATH = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host on which nothing is open yet. Its apps have little memory."""
    if shutil.which("nginx", path=PATH) is None:
        pytest.skip("nginx is not installed: bin/install-system")
    folder = tmp_path_factory.mktemp("host")
    repository = Repository(folder / "repository")
    repository.commit("main", FILES)
    farewell = {"FAREWELL": str(folder / "farewells")}
    put_cluster(folder / "home" / "shared" / "postgres", tmp_path_factory)
    host = Host(folder / "home", repository, free_port(), durable=False, memory_mb=150, variables=farewell)
    yield host
    host.run("reconcile", "--none-open")
    assert list((host.home / "apps").iterdir()) == []


@pytest.fixture
def farewells(host: Host) -> Path:
    """The file into which closed apps write their name."""
    return host.home.parent / "farewells"
