"""A host whose review apps are of a small project, which starts within a second."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from processes.ports import reserve_port
from tests.review_apps.host import Host
from tests.review_apps.small_app import FILES, Repository
from tests.support.cluster import put_cluster
from tests.support.programs import require_program


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host without apps. Its apps may use little memory."""
    require_program("nginx")
    folder = tmp_path_factory.mktemp("host")
    repository = Repository(folder / "repository")
    repository.commit("main", FILES)
    variables = {"PREDESTROY_LOG": str(folder / "predestroy_log")}
    put_cluster(folder / "home" / "shared" / "postgres", tmp_path_factory)
    host = Host(folder / "home", repository, reserve_port(), durable=False, memory_mb=150, variables=variables)
    yield host
    host.run("reconcile", "--none-open")
    assert list((host.home / "apps").iterdir()) == []


@pytest.fixture
def predestroy_log(host: Host) -> Path:
    """The file to which `pr-predestroy` of each app appends the app's name."""
    return host.home.parent / "predestroy_log"
