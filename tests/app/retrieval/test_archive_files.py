"""The storage of archives (app/retrieval/archive_files): PostgreSQL, a folder and a bucket behave alike."""

import io
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from app.retrieval.archive_files import ArchiveFiles, open_archive_files
from app.retrieval.archive_files.in_database import PART_BYTES
from tests.support.service import Service

LARGE = bytes(range(256)) * (PART_BYTES // 256) + b"and a little more"


@pytest.fixture(params=["database", "folder", "bucket"])
def files(
    request: pytest.FixtureRequest, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ArchiveFiles]:
    """Each place in turn, empty."""
    place = {"database": "database", "folder": f"file://{tmp_path}/archives", "bucket": "s3://archives/of/keys"}
    if request.param != "bucket":
        yield open_archive_files(place[request.param], service.database)
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="archives")
        yield open_archive_files(place["bucket"], service.database)


def test_what_was_put_is_found(files: ArchiveFiles) -> None:
    for name, content in (("small", b"bytes"), ("large", LARGE)):
        files.put(name, io.BytesIO(content))
        assert files.get(name) == content


def test_what_was_not_put_is_not_found(files: ArchiveFiles) -> None:
    assert files.get("nothing") is None


def test_putting_twice_does_no_harm(files: ArchiveFiles) -> None:
    files.put("name", io.BytesIO(LARGE))
    files.put("name", io.BytesIO(LARGE))
    assert files.get("name") == LARGE


def test_only_what_is_named_is_kept(files: ArchiveFiles) -> None:
    for name in ("one", "two", "three"):
        files.put(name, io.BytesIO(b"bytes"))
    files.keep_only({"two"})
    assert [files.get(name) for name in ("one", "two", "three")] == [None, b"bytes", None]


def test_a_folder_may_be_the_root_of_a_disk(service: Service, tmp_path: Path) -> None:
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "tmp1234").write_bytes(b"left by an interrupted put")
    files = open_archive_files(f"file://{tmp_path}", service.database)
    files.put("old", io.BytesIO(b"bytes"))
    files.keep_only(set())
    assert [path.name for path in tmp_path.iterdir()] == ["lost+found"]


def test_a_folder_never_shows_half_a_file(service: Service, tmp_path: Path) -> None:
    files = open_archive_files(f"file://{tmp_path}", service.database)

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        files.put("name", Failing())
    assert files.get("name") is None
    assert list(tmp_path.iterdir()) == []
